package dev.hone.cuda;

import java.util.List;

/**
 * A library that ONNX Runtime's CUDA provider needs and the loader would not find.
 *
 * @param soname its name, with the major version that is needed
 * @param neededBy what needs it
 * @param source which package has it
 * @param hints what was found in its place: other versions, files that cannot be read, folders that
 *     nobody searches
 */
public record MissingLibrary(String soname, String neededBy, String source, List<String> hints) {
  /** Copies the hints. */
  public MissingLibrary {
    hints = List.copyOf(hints);
  }

  /** One line for people. */
  @Override
  public String toString() {
    String near = hints.isEmpty() ? "" : " (" + String.join("; ", hints) + ")";
    return soname + ", needed by " + neededBy + near + ": " + source;
  }
}
