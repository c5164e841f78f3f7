package dev.hone.onnx.graph;

import dev.hone.HoneException;
import dev.hone.ModelSource;
import dev.hone.WholeFile;
import dev.hone.memory.Memory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Models in files and in memory. */
final class ModelFiles {
  /** Protobuf, and with it every runtime, ends at 2 GiB. */
  private static final long MOST_BYTES = Integer.MAX_VALUE;

  /** What is written, for messages. */
  static final String MODEL = "model";

  private ModelFiles() {}

  static ModelData read(ModelSource source) {
    if (source instanceof ModelSource.OfFile file) {
      Path path = file.path();
      Path folder = path.toAbsolutePath().getParent();
      return parse(map(path), path.toString(), folder, path);
    }
    ModelSource.OfBytes bytes = (ModelSource.OfBytes) source;
    return parse(bytes.bytes(), bytes.name(), bytes.folder(), null);
  }

  private static ModelData parse(
      ByteBuffer bytes, String name, @Nullable Path folder, @Nullable Path file) {
    ForeignFormats.refuse(bytes, name);
    ModelData model;
    try {
      model = ModelCodec.parse(bytes, folder);
    } catch (MalformedException e) {
      ForeignFormats.refuseText(bytes, name);
      throw new HoneException.ModelException(
          "'"
              + name
              + "' is no readable ONNX model: "
              + e.getMessage()
              + ". It has "
              + bytes.remaining()
              + " bytes; if that is less than the original, it was cut off. Fetch or export it"
              + " again.",
          e);
    }
    ModelCheck.check(model, name, folder, file);
    return model;
  }

  private static ByteBuffer map(Path path) {
    if (Files.isDirectory(path)) {
      throw new HoneException.ModelException(
          "A model is a file, but '" + path + "' is a folder. Name the .onnx file inside it.");
    }
    try (FileChannel channel = FileChannel.open(path)) {
      long size = channel.size();
      if (size > MOST_BYTES) {
        throw new HoneException.ModelException(
            "An ONNX file may have at most 2 GiB, but '"
                + path
                + "' has "
                + size
                + " bytes. Export it again with its weights as external data.");
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
    } catch (NoSuchFileException e) {
      throw new HoneException.ModelException(
          "There is no model file '"
              + path
              + "' (looked for at "
              + path.toAbsolutePath()
              + "). Check the path.",
          e);
    } catch (IOException e) {
      throw new HoneException.ModelException(
          "The model file '"
              + path
              + "' cannot be read: "
              + e
              + ". Check that this process may read it.",
          e);
    }
  }

  /** The message in pieces. */
  private static List<ByteBuffer> parts(ModelData model) {
    ByteBuffer untouched = model.untouched();
    return untouched != null ? List.of(untouched) : ModelCodec.encode(model).parts();
  }

  private static long byteSize(List<ByteBuffer> parts) {
    return parts.stream().mapToLong(ByteBuffer::remaining).sum();
  }

  static Memory toMemory(ModelData model) {
    List<ByteBuffer> parts = parts(ExternalData.inlined(model));
    long size = byteSize(parts);
    if (size > MOST_BYTES) {
      throw tooLarge(size);
    }
    Memory memory = Memory.allocateUninitialized(size);
    long offset = 0;
    for (ByteBuffer part : parts) {
      offset = copy(part.duplicate(), memory, offset);
    }
    return memory;
  }

  static ByteBuffer toBuffer(ModelData model) {
    List<ByteBuffer> parts = parts(ExternalData.inlined(model));
    long size = byteSize(parts);
    if (size > MOST_BYTES) {
      throw tooLarge(size);
    }
    ByteBuffer bytes = Memory.allocateBuffer((int) size);
    parts.forEach(part -> bytes.put(part.duplicate()));
    return bytes.flip().asReadOnlyBuffer();
  }

  private static HoneException.ModelException tooLarge(long size) {
    return new HoneException.ModelException(
        "A model in memory may have at most 2 GiB, but this one has "
            + size
            + " bytes. Write it to a file with external data.");
  }

  /** Copies through views of at most 1 GiB that cross no multiple of 1 GiB. */
  private static long copy(ByteBuffer part, Memory memory, long start) {
    long offset = start;
    while (part.hasRemaining()) {
      long toBoundary = (1L << 30) - (offset & (1L << 30) - 1);
      int length = (int) Math.min(part.remaining(), toBoundary);
      memory.view(offset, length).put(part.slice(part.position(), length));
      part.position(part.position() + length);
      offset += length;
    }
    return offset;
  }

  static void write(ModelData model, Path path) {
    if (fitsOneFile(model)) {
      writeParts(parts(ExternalData.inlined(model)), path);
    } else {
      writeWithExternalData(model, path, 1024);
    }
  }

  /** The bytes of the message and of the weights beside it. */
  static long byteSize(ModelData model) {
    return byteSize(parts(model)) + ExternalData.externalBytes(model);
  }

  /** Whether the model stays below 2 GiB with its weights in it. */
  static boolean fitsOneFile(ModelData model) {
    return ExternalData.totalBytes(model) < MOST_BYTES - model.graph().nodes().size() * 1024L;
  }

  static void writeWithExternalData(ModelData model, Path path, long leastBytes) {
    WholeFile.requireNoObstacle(path, MODEL); // before the weights are written
    writeParts(parts(ExternalData.moved(model, path, leastBytes)), path);
  }

  private static void writeParts(List<ByteBuffer> parts, Path path) {
    WholeFile.write(path, MODEL, channel -> writeAll(channel, parts));
  }

  /** Writes buffers; small ones are collected, so that each write is worth its call. */
  static void writeAll(WritableByteChannel channel, List<ByteBuffer> parts) throws IOException {
    ByteBuffer collected = ByteBuffer.allocate(1 << 16);
    for (ByteBuffer part : parts) {
      boolean large = part.remaining() > collected.capacity() / 2;
      if (large || part.remaining() > collected.remaining()) {
        drain(channel, collected.flip());
        collected.clear();
      }
      if (large) {
        drain(channel, part.duplicate());
      } else {
        collected.put(part.duplicate());
      }
    }
    drain(channel, collected.flip());
  }

  private static void drain(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
