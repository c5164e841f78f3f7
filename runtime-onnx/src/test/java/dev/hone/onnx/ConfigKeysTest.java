package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The list of session entries is written by hand, and held against the native library. */
class ConfigKeysTest {
  private static final String LIBRARY =
      "/org/bytedeco/onnxruntime/linux-x86_64/libonnxruntime.so.1";

  /** A whole text of the library; some name its source files. */
  private static final Pattern ENTRY =
      Pattern.compile("(?<=\\x00)(?:session|ep|mlas|optimization)\\.[a-z0-9_.]+(?=\\x00)");

  private static final Pattern SOURCE_FILE = Pattern.compile(".*\\.(?:cc|h)");

  /** Short ones the compiler may have put into instructions, where nobody finds them. */
  private static Map<String, String> entriesOfTheLibrary() throws IOException {
    try (InputStream library = ConfigKeysTest.class.getResourceAsStream(LIBRARY)) {
      assumeTrue(library != null, "the library of this platform is not read here");
      String bytes = new String(library.readAllBytes(), StandardCharsets.ISO_8859_1);
      Map<String, String> entries = new TreeMap<>();
      for (Matcher found = ENTRY.matcher(bytes); found.find(); ) {
        if (!SOURCE_FILE.matcher(found.group()).matches()) {
          entries.put(found.group(), "1");
        }
      }
      return entries;
    }
  }

  @Test
  void everyEntryThatTheNativeLibraryNamesIsKnown() throws IOException {
    Map<String, String> entries = entriesOfTheLibrary();
    assertThat(entries).containsKeys("session.disable_prepacking", "ep.context_enable");
    assertThat(entries).hasSizeGreaterThan(30);
    assertThat(ConfigKeys.notes(entries)).isEmpty();
  }

  @Test
  void theVersionThatNotesNameIsThatOfTheLibrary() {
    String note = ConfigKeys.notes(Map.of("session.no_such_entry", "1")).get(0);
    String version = OnnxRuntime.nativeVersion();
    assertThat(note).contains("ONNX Runtime " + version.substring(0, version.lastIndexOf('.')));
  }
}
