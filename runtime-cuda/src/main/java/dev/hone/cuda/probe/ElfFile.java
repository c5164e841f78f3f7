package dev.hone.cuda.probe;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the dynamic loader reads of a shared library, as laid down in the System V ABI, chapters 4
 * and 5: which libraries it needs, and where it wants them searched. 64 bits, little-endian.
 *
 * @param machine the processor, by ELF's number
 * @param soname its own name, or null
 * @param needed the names of the libraries that it needs, in order
 * @param rpath folders of DT_RPATH, as written
 * @param runpath folders of DT_RUNPATH, as written
 */
public record ElfFile(
    int machine,
    @Nullable String soname,
    List<String> needed,
    List<String> rpath,
    List<String> runpath) {
  /** The number of x86 with 64 bits. */
  public static final int X86_64 = 62;

  /** The number of ARM with 64 bits. */
  public static final int AARCH64 = 183;

  private static final int HEADER_BYTES = 64;
  private static final int PROGRAM_HEADER_BYTES = 56;
  private static final int MAX_DYNAMIC_BYTES = 1 << 20;
  private static final int MAX_NAME_BYTES = 1 << 16;

  private static final int PT_LOAD = 1;
  private static final int PT_DYNAMIC = 2;
  private static final long DT_NULL = 0;
  private static final long DT_NEEDED = 1;
  private static final long DT_STRTAB = 5;
  private static final long DT_SONAME = 14;
  private static final long DT_RPATH = 15;
  private static final long DT_RUNPATH = 29;

  /** Copies the lists. */
  public ElfFile {
    needed = List.copyOf(needed);
    rpath = List.copyOf(rpath);
    runpath = List.copyOf(runpath);
  }

  /**
   * Reads a library.
   *
   * @throws Not64BitsException if it is a library of 32 bits
   * @throws IOException if the file cannot be read, or is no little-endian ELF file
   */
  public static ElfFile read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return new Reader(channel).read();
    }
  }

  /** A library of 32 bits, which the loader passes over as it does one for another processor. */
  public static final class Not64BitsException extends IOException {
    private static final long serialVersionUID = 1L;

    Not64BitsException() {
      super("it is an ELF file, but not of 64 bits");
    }
  }

  /** One pass over one file. */
  private static final class Reader {
    private final FileChannel channel;
    private final List<String> needed = new ArrayList<>();
    private final List<String> rpath = new ArrayList<>();
    private final List<String> runpath = new ArrayList<>();
    private @Nullable String soname;

    Reader(FileChannel channel) {
      this.channel = channel;
    }

    ElfFile read() throws IOException {
      ByteBuffer header = bytes(0, HEADER_BYTES);
      if (header.getInt(0) != 0x464c457f) { // 0x7f 'E' 'L' 'F'
        throw new IOException("it is no ELF file");
      }
      if (header.get(4) != 2) {
        throw new Not64BitsException();
      }
      if (header.get(5) != 1) {
        throw new IOException("it is an ELF file, but not little-endian");
      }
      int machine = header.getShort(18) & 0xffff;
      ByteBuffer segments = segments(header);
      int dynamic = find(segments, PT_DYNAMIC);
      if (dynamic >= 0) {
        readDynamic(segments, dynamic);
      }
      return new ElfFile(machine, soname, needed, rpath, runpath);
    }

    private ByteBuffer segments(ByteBuffer header) throws IOException {
      int size = header.getShort(54) & 0xffff;
      int count = header.getShort(56) & 0xffff;
      if (count > 0 && size != PROGRAM_HEADER_BYTES) {
        throw new IOException("its program headers have " + size + " bytes each, not 56");
      }
      return bytes(header.getLong(32), count * PROGRAM_HEADER_BYTES);
    }

    private static int find(ByteBuffer segments, int type) {
      for (int at = 0; at < segments.capacity(); at += PROGRAM_HEADER_BYTES) {
        if (segments.getInt(at) == type) {
          return at;
        }
      }
      return -1;
    }

    private void readDynamic(ByteBuffer segments, int at) throws IOException {
      long byteSize = segments.getLong(at + 32);
      if (byteSize < 0 || byteSize > MAX_DYNAMIC_BYTES) {
        throw new IOException("its dynamic section claims " + byteSize + " bytes");
      }
      ByteBuffer entries = bytes(segments.getLong(at + 8), (int) byteSize);
      long strings = -1;
      for (int entry = 0;
          entry + 16 <= byteSize && entries.getLong(entry) != DT_NULL;
          entry += 16) {
        if (entries.getLong(entry) == DT_STRTAB) {
          strings = fileOffset(segments, entries.getLong(entry + 8));
        }
      }
      for (int entry = 0;
          entry + 16 <= byteSize && entries.getLong(entry) != DT_NULL;
          entry += 16) {
        take(entries.getLong(entry), strings, entries.getLong(entry + 8));
      }
    }

    private void take(long tag, long strings, long offset) throws IOException {
      if (tag == DT_NEEDED) {
        needed.add(string(strings, offset));
      } else if (tag == DT_SONAME) {
        soname = string(strings, offset);
      } else if (tag == DT_RPATH) {
        rpath.addAll(folders(string(strings, offset)));
      } else if (tag == DT_RUNPATH) {
        runpath.addAll(folders(string(strings, offset)));
      }
    }

    /** Tables are named by the address they will have in memory; the segments say where that is. */
    private static long fileOffset(ByteBuffer segments, long address) throws IOException {
      for (int at = 0; at < segments.capacity(); at += PROGRAM_HEADER_BYTES) {
        long start = segments.getLong(at + 16);
        if (segments.getInt(at) == PT_LOAD
            && address >= start
            && address - start < segments.getLong(at + 32)) {
          return segments.getLong(at + 8) + (address - start);
        }
      }
      throw new IOException("its table of names is in none of its segments");
    }

    private String string(long table, long offset) throws IOException {
      long start = table + offset;
      if (table < 0 || offset < 0 || start < 0 || start >= channel.size()) {
        throw new IOException("a name is outside the file");
      }
      int length = (int) Math.min(MAX_NAME_BYTES, channel.size() - start);
      ByteBuffer bytes = bytes(start, length);
      for (int i = 0; i < length; i++) {
        if (bytes.get(i) == 0) {
          return StandardCharsets.UTF_8.decode(bytes.slice(0, i)).toString();
        }
      }
      throw new IOException("a name has no end");
    }

    private static List<String> folders(String path) {
      return path.isEmpty() ? List.of() : List.of(path.split(":", -1));
    }

    private ByteBuffer bytes(long offset, int length) throws IOException {
      if (offset < 0 || offset > channel.size() - length) {
        throw new EOFException("it ends too early");
      }
      ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, offset + bytes.position()) < 0) {
          throw new EOFException("it ends too early");
        }
      }
      return bytes;
    }
  }
}
