package dev.hone.cuda.probe;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A shared library that holds nothing but what the loader reads of it. */
public final class FakeLibrary {
  private static final long BASE = 0x400000; // so that addresses are not offsets
  private static final int HEADERS_BYTES = 64 + 2 * 56;

  private final List<long[]> entries = new ArrayList<>();
  private final StringBuilder strings = new StringBuilder("\0");
  private int machine = ElfFile.X86_64;

  /** A library of this name, which needs others. */
  public FakeLibrary(String soname, String... needed) {
    entry(14, soname);
    for (String name : needed) {
      entry(1, name);
    }
  }

  private FakeLibrary entry(long tag, String value) {
    entries.add(new long[] {tag, strings.length()});
    strings.append(value).append('\0');
    return this;
  }

  /** With a DT_RPATH. */
  public FakeLibrary rpath(String folders) {
    return entry(15, folders);
  }

  /** With a DT_RUNPATH. */
  public FakeLibrary runpath(String folders) {
    return entry(29, folders);
  }

  /** For ARM. */
  public FakeLibrary arm() {
    machine = ElfFile.AARCH64;
    return this;
  }

  /** The file. */
  public byte[] bytes() {
    byte[] text = strings.toString().getBytes(StandardCharsets.UTF_8);
    int dynamic = HEADERS_BYTES + text.length;
    int dynamicBytes = 16 * (entries.size() + 2);
    int total = dynamic + dynamicBytes;
    ByteBuffer file = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
    file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    file.putShort(16, (short) 3).putShort(18, (short) machine).putInt(20, 1);
    file.putLong(32, 64).putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 2);
    segment(file, 64, 1, 0, total);
    segment(file, 64 + 56, 2, dynamic, dynamicBytes);
    file.put(HEADERS_BYTES, text);
    int at = dynamic;
    for (long[] entry : entries) {
      file.putLong(at, entry[0]).putLong(at + 8, entry[1]);
      at += 16;
    }
    file.putLong(at, 5).putLong(at + 8, BASE + HEADERS_BYTES); // and DT_NULL, which is zero
    return file.array();
  }

  private static void segment(ByteBuffer file, int at, int type, int offset, int size) {
    file.putInt(at, type).putLong(at + 8, offset).putLong(at + 16, BASE + offset);
    file.putLong(at + 32, size).putLong(at + 40, size);
  }

  /** Writes it; what is missing to so many bytes is a hole that takes no room on disk. */
  public void write(Path file, long byteSize) {
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, bytes());
      if (byteSize > Files.size(file)) {
        try (RandomAccessFile whole = new RandomAccessFile(file.toFile(), "rw")) {
          whole.setLength(byteSize);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
