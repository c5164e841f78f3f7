package dev.hone.onnx.graph;

import dev.hone.HoneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Elements in a file beside the model. The file is mapped when the elements are first asked for.
 *
 * <p>Where the file may lie is checked by {@link ExternalDataCheck}, before anything is read.
 */
final class ExternalBytes implements Storage {
  static final int EXTERNAL_DATA = 13;
  static final int DATA_LOCATION = 14;

  private final Location location;
  private final @Nullable Path file;
  private final long byteSize;
  private final List<RawField> fields;
  private @Nullable ByteBuffer whole;

  /**
   * What the model says about the place.
   *
   * @param path the file's name as it is written there
   * @param offset where the elements begin in it
   * @param length their bytes, or -1 where the model does not say
   */
  record Location(String path, long offset, long length) {}

  /**
   * Elements of {@code byteSize} bytes, as type and shape want them.
   *
   * @param file the file, or null where the model has no folder
   * @param fields the fields that say all this, as they were read
   */
  ExternalBytes(Location location, @Nullable Path file, long byteSize, List<RawField> fields) {
    this.location = location;
    this.file = file;
    this.byteSize = byteSize;
    this.fields = List.copyOf(fields);
  }

  Location location() {
    return location;
  }

  @Nullable Path file() {
    return file;
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  @Override
  public synchronized ByteBuffer view(long offset, int length) {
    if (offset != 0 || length != byteSize) {
      return map(offset, length);
    }
    if (whole == null) {
      whole = map(0, length);
    }
    return whole.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer map(long offset, int length) {
    if (file == null) {
      throw new IllegalStateException("External data '" + location.path() + "' has no folder.");
    }
    try (FileChannel channel = FileChannel.open(file)) {
      return channel
          .map(FileChannel.MapMode.READ_ONLY, location.offset() + offset, length)
          .order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw new HoneException.ModelException(
          "The external data file " + file + " could be found, but not read: " + e.getMessage(), e);
    }
  }

  @Override
  public void encode(WireWriter tensor) {
    fields.forEach(tensor::raw);
  }
}
