package dev.hone.onnx.graph;

import dev.hone.HoneException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Recognizes what is often taken for an ONNX model by mistake, from its first bytes. */
final class ForeignFormats {
  private static final int HEAD_BYTES = 64;

  private ForeignFormats() {}

  /** Refuses an empty file, and formats that have a name. */
  static void refuse(ByteBuffer bytes, String name) {
    if (!bytes.hasRemaining()) {
      throw new HoneException.ModelException(
          "An ONNX model has at least a graph, but '"
              + name
              + "' is empty (0 bytes). Fetch or export it again.");
    }
    byte[] head = new byte[Math.min(HEAD_BYTES, bytes.remaining())];
    bytes.duplicate().get(head);
    String what = recognize(new String(head, StandardCharsets.ISO_8859_1));
    if (what != null) {
      throw new HoneException.ModelException(
          "'" + name + "' (" + bytes.remaining() + " bytes) is no ONNX model: it is " + what);
    }
  }

  /** Refuses bytes that begin with text; ask only of bytes that could not be read as a model. */
  static void refuseText(ByteBuffer bytes, String name) {
    byte[] head = new byte[Math.min(HEAD_BYTES, bytes.remaining())];
    bytes.duplicate().get(head);
    String text = new String(head, StandardCharsets.ISO_8859_1);
    if (text.chars().allMatch(c -> c == '\t' || c == '\n' || c == '\r' || (c >= ' ' && c <= '~'))) {
      throw new HoneException.ModelException(
          "'"
              + name
              + "' ("
              + bytes.remaining()
              + " bytes) is no ONNX model: it is text that begins '"
              + text.lines().findFirst().orElse("")
              + "'. Fetch the .onnx file itself.");
    }
  }

  private static @Nullable String recognize(String head) {
    String lower = head.stripLeading().toLowerCase(Locale.ROOT);
    if (head.startsWith("version https://git-lfs")) {
      return "a Git LFS pointer, which stands for the model. Run 'git lfs pull' to get the file.";
    }
    if (lower.startsWith("<!doctype") || lower.startsWith("<html") || lower.startsWith("<?xml")) {
      return "a web page, probably an error or a login. Download the file itself.";
    }
    if (head.startsWith("PK\u0003\u0004")) {
      return "a ZIP archive (PyTorch files are, too). Unpack it, or export the model to ONNX.";
    }
    if (head.startsWith("\u001f\u008b")) {
      return "compressed with gzip. Unpack it.";
    }
    if (head.startsWith("\u0089HDF")) {
      return "an HDF5 file, as Keras writes. Export the model to ONNX.";
    }
    if (head.startsWith("GGUF")) {
      return "a GGUF file. Export the model to ONNX.";
    }
    if (head.startsWith("\u0080\u0002")) {
      return "a Python pickle, as older PyTorch files are. Export the model to ONNX.";
    }
    if (head.startsWith("{\"", 8)) {
      return "a safetensors file, which holds weights without a graph. Export the model to ONNX.";
    }
    if (head.length() > 8 && head.startsWith("TFL3", 4)) {
      return "a TensorFlow Lite file. Export the model to ONNX.";
    }
    if (head.length() > 8 && head.startsWith("ORTM", 4)) {
      return "in ONNX Runtime's own ORT format. Use the .onnx file that it was made from.";
    }
    return null;
  }
}
