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
    if (head.length() > 8 && head.startsWith("TFL3", 4)) {
      return "a TensorFlow Lite file. Export the model to ONNX.";
    }
    if (head.length() > 8 && head.startsWith("ORTM", 4)) {
      return "in ONNX Runtime's own ORT format. Use the .onnx file that it was made from.";
    }
    return null;
  }
}
