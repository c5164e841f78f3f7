package dev.hone.onnx.graph;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether external data lies where it may and is all there. A model may only name files in its own
 * folder: a file from elsewhere could be anybody's secret, and a model could carry it away.
 */
final class ExternalDataCheck {
  /** With this for a location, ONNX Runtime takes the offset for an address of memory. */
  private static final String MEMORY_ADDRESS = "_ORT_MEM_ADDR_";

  private final @Nullable Path folder;
  private final @Nullable Path modelFile;
  private final Map<Path, Long> sizes = new HashMap<>();

  /**
   * For the tensors of one model.
   *
   * @param folder the model's folder, or null if it came without one
   * @param modelFile the model's file, or null
   */
  ExternalDataCheck(@Nullable Path folder, @Nullable Path modelFile) {
    this.folder = folder;
    this.modelFile = modelFile;
  }

  /**
   * Checks one tensor.
   *
   * @throws MalformedException if its data lies elsewhere or is not all there
   */
  void check(TensorData tensor) {
    if (tensor.storage() instanceof ExternalBytes external) {
      try {
        check(tensor, external);
      } catch (IOException e) {
        throw refused(
            tensor,
            "its external data cannot be read: " + e,
            "Check that this process may read it.");
      }
    }
  }

  private void check(TensorData tensor, ExternalBytes external) throws IOException {
    String location = external.location().path();
    Path file = external.file();
    if (folder == null || file == null) {
      throw refused(
          tensor,
          "its data lies in the file '" + location + "', but a model from memory has no folder",
          "Load it from its file, or name the folder in ModelSource.OfBytes.");
    }
    if (location.isEmpty() || location.contains(MEMORY_ADDRESS)) {
      throw refused(
          tensor, "its external data names no file, but '" + location + "'", "Export it again.");
    }
    if (location.startsWith("/")
        || location.startsWith("\\")
        || Path.of(location).isAbsolute()
        || !normal(file).startsWith(normal(folder))) {
      throw refused(
          tensor,
          "external data must lie in the model's folder "
              + folder
              + ", but it is '"
              + location
              + "'",
          "Export it again with its data beside it.");
    }
    if (!sizes.containsKey(file)) {
      sizes.put(file, sizeOf(tensor, location, file));
    }
    requireInside(tensor, external.location(), external.byteSize(), sizes.get(file));
  }

  private long sizeOf(TensorData tensor, String location, Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw refused(
          tensor,
          "its external data '" + location + "' is no file in " + folder,
          "Keep it beside the model, under the name it had when the model was written.");
    }
    Path real = file.toRealPath();
    if (!isBeside(real)) {
      throw refused(
          tensor,
          "external data must lie in the model's folder "
              + folder
              + ", but '"
              + location
              + "' is a link to "
              + real,
          "If you trust the model, put the file itself there.");
    }
    return Files.size(real);
  }

  /** In the model's folder, or in the folder where the model really lies if it is a link itself. */
  private boolean isBeside(Path real) throws IOException {
    boolean inFolder = folder != null && real.startsWith(folder.toRealPath());
    if (inFolder || modelFile == null) {
      return inFolder;
    }
    Path realFolder = modelFile.toRealPath().getParent();
    return realFolder != null && real.startsWith(realFolder);
  }

  private static void requireInside(
      TensorData tensor, ExternalBytes.Location location, long byteSize, @Nullable Long fileSize) {
    long size = fileSize == null ? 0 : fileSize;
    if (location.offset() < 0 || byteSize < 0 || location.offset() > size - byteSize) {
      throw refused(
          tensor,
          "it takes "
              + byteSize
              + " bytes at "
              + location.offset()
              + " of '"
              + location.path()
              + "', which has "
              + size,
          "The file was cut off, or belongs to another model: fetch both again.");
    }
  }

  /** Absolute: of a relative path that is empty, nothing would begin with it. */
  private static Path normal(Path path) {
    return path.toAbsolutePath().normalize();
  }

  private static MalformedException refused(TensorData tensor, String why, String remedy) {
    return new MalformedException(
        "the tensor '" + tensor.name() + "' cannot be used: " + why, remedy);
  }
}
