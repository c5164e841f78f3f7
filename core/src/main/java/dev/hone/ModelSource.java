package dev.hone;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a model's bytes come from. A value: making one reads at most a class-path resource. */
public sealed interface ModelSource {
  /** A short name for messages: the file's or resource's name, or {@code memory}. */
  String name();

  /**
   * A file. External data is looked for beside it.
   *
   * @param path the model file
   */
  record OfFile(Path path) implements ModelSource {
    /** Refuses null. */
    public OfFile {
      Given.value(path, "path of a model", "Name the file, for example Path.of(\"model.onnx\").");
    }

    @Override
    public String name() {
      Path fileName = path.getFileName();
      return fileName == null ? path.toString() : fileName.toString();
    }
  }

  /**
   * Bytes in memory.
   *
   * @param bytes the whole model; not changed afterwards. Direct buffers are used as they are
   * @param name a name for messages
   * @param folder where external data lies, or null if the model may have none
   */
  record OfBytes(ByteBuffer bytes, String name, @Nullable Path folder) implements ModelSource {
    /** Refuses null, but for the folder. */
    public OfBytes {
      Given.value(bytes, "bytes of a model", "Read them from somewhere first.");
      Given.value(name, "name of a model", "Any will do; messages tell it.");
    }
  }

  /** A file. */
  static ModelSource of(Path path) {
    return new OfFile(path);
  }

  /** Bytes in memory, without external data. */
  static ModelSource of(byte[] bytes) {
    return new OfBytes(
        ByteBuffer.wrap(Given.value(bytes, "bytes of a model", "Read them from somewhere first.")),
        "memory",
        null);
  }

  /**
   * A resource of a class's module or class path. Where the resource is a plain file it is used in
   * place, so external data beside it is found; from inside a jar its bytes are read into memory
   * off the heap.
   *
   * @param owner the class whose loader finds the resource
   * @param name the name as {@link Class#getResource} wants it: with a leading slash from the root
   * @throws IllegalArgumentException if there is no such resource
   * @throws HoneException if it cannot be read
   */
  static ModelSource ofResource(Class<?> owner, String name) {
    Given.value(owner, "owner of a resource", "Give a class beside it.");
    Given.value(name, "name of a resource", "Begin it with '/' for the root of the class path.");
    URL url = owner.getResource(name);
    if (url == null) {
      throw new IllegalArgumentException(
          "No resource '"
              + name
              + "' beside "
              + owner.getName()
              + ". A name from the root of the class path begins with '/'; a module must open the"
              + " package that holds it.");
    }
    try {
      if (url.getProtocol().equals("file")) {
        return new OfFile(Path.of(url.toURI()));
      }
      try (InputStream in = url.openStream()) {
        return new OfBytes(ResourceBytes.read(in), name.substring(name.lastIndexOf('/') + 1), null);
      }
    } catch (IOException | URISyntaxException e) {
      throw new HoneException("The resource '" + name + "' at " + url + " cannot be read.", e);
    }
  }
}
