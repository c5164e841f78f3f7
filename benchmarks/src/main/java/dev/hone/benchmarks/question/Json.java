package dev.hone.benchmarks.question;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.hone.benchmarks.measure.Failure;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;

/** Files of JSON. */
public final class Json {
  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private Json() {}

  /** Writes a file whole: it is never seen half-written. */
  public static void write(Path file, Object value) throws IOException {
    write(file, GSON.toJson(value) + "\n");
  }

  /** Writes a file whole: it is never seen half-written. */
  public static void write(Path file, String text) throws IOException {
    Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
    Files.createDirectories(folder);
    Path half = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.writeString(half, text);
      Files.move(half, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(half);
      throw new IOException(
          "Cannot write "
              + file
              + ": "
              + Failure.words(e)
              + ". There are "
              + (folder.toFile().getUsableSpace() >> 20)
              + " MB free there.",
          e);
    }
  }

  /**
   * Reads a file.
   *
   * @throws IOException if it is not there, or is no JSON of this type
   */
  public static <T> T read(Path file, Class<T> type) throws IOException {
    try {
      T value = GSON.fromJson(Files.readString(file), type);
      if (value == null) {
        throw new IOException("The file " + file + " is empty.");
      }
      return value;
    } catch (RuntimeException | CharacterCodingException e) { // Gson throws more than it says
      throw new IOException(
          "The file "
              + file
              + " is not what it should be ("
              + Failure.words(e)
              + "). Bring back what it was, or delete it.",
          e);
    }
  }
}
