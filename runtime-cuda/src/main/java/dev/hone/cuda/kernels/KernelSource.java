package dev.hone.cuda.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A file of CUDA C++ in the library. */
public enum KernelSource {
  /** {@code mean_pool_float} and {@code mean_pool_half}. */
  MEAN_POOL("mean_pool"),
  /** {@code image_to_float} and {@code image_to_half}. */
  IMAGE("image");

  private final String file;

  KernelSource(String file) {
    this.file = file;
  }

  /** A name for files and messages. */
  public String fileName() {
    return file + ".cu";
  }

  /** All of it, with what it includes: compilers need no other file. */
  public String text() {
    return read("half.cuh") + "\n" + read(fileName());
  }

  private static String read(String name) {
    try (InputStream in =
        Objects.requireNonNull(KernelSource.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("The library's own file " + name + " cannot be read.", e);
    }
  }
}
