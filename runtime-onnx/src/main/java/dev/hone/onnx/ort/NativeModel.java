package dev.hone.onnx.ort;

import dev.hone.HoneException;
import dev.hone.HoneException.ModelException;
import dev.hone.ModelSource;
import dev.hone.memory.Memory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.onnxruntime.OrtSession;

/** A model's bytes on their way into ONNX Runtime. */
final class NativeModel {
  private static final String EXTERNAL_DATA_FOLDER =
      "session.model_external_initializers_file_folder_path";

  private final OrtLibrary library;
  private final ModelSource source;

  NativeModel(OrtLibrary library, ModelSource source) {
    this.library = library;
    this.source = source;
  }

  OrtSession open(NativeOptions options) {
    try {
      if (source instanceof ModelSource.OfFile file) {
        return openFile(file.path(), options);
      }
      ModelSource.OfBytes inMemory = (ModelSource.OfBytes) source;
      if (inMemory.folder() != null) {
        options.addEntry(EXTERNAL_DATA_FOLDER, inMemory.folder().toString());
      }
      return openBytes(inMemory.bytes(), options);
    } catch (ModelException e) {
      throw new ModelException(explain(e), e);
    } catch (HoneException.OutOfMemoryException e) {
      throw e;
    } catch (HoneException e) {
      throw new ModelException(explain(e), e);
    }
  }

  private String explain(HoneException e) {
    return explain(String.valueOf(e.getMessage()).strip());
  }

  private String explain(String told) {
    String remedy = isThere(told) ? otherNames() : remedy(told);
    return "ONNX Runtime "
        + library.version()
        + " cannot open the model '"
        + source.name()
        + "': "
        + told
        + (told.endsWith(".") ? "" : ".")
        + (remedy.isEmpty() ? "" : " ")
        + remedy;
  }

  /** Whether Java sees the file that ONNX Runtime says is not there. */
  private boolean isThere(String told) {
    return told.contains("File doesn't exist")
        && source instanceof ModelSource.OfFile file
        && Files.exists(file.path());
  }

  private static String otherNames() {
    return "It does, but under a name that Java's encoding of names, "
        + System.getProperty("sun.jnu.encoding")
        + ", cannot spell: start Java in a locale of UTF-8, for example with LC_ALL=C.UTF-8, or rename"
        + " the file to ASCII.";
  }

  /**
   * What to do, as far as the words tell: nothing is wrong with a file that no GPU has room for.
   */
  static String remedy(String told) {
    if (told.contains("No Op registered for") || told.contains("is not a registered function/op")) {
      return "It has an operator that this runtime does not know: export it with operators of the"
          + " ONNX standard.";
    }
    if (told.contains("Could not find an implementation for")) {
      return "No kernel here computes this operator with these types: export it with others, for"
          + " example in FP32.";
    }
    if (told.contains("CUDA") || told.contains("CUDNN")) {
      return "";
    }
    if (told.contains("invalid model") || told.contains("INVALID_GRAPH")) {
      return "It breaks the ONNX standard: export it again, with another version of the exporter.";
    }
    boolean unreadable =
        told.contains("INVALID_PROTOBUF")
            || told.toLowerCase(Locale.ROOT).contains("protobuf parsing failed");
    return unreadable ? "Fetch or export it again." : "";
  }

  private OrtSession openFile(Path path, NativeOptions options) {
    try (Pointer nativePath = Names.path(path.toAbsolutePath())) {
      return new OrtSession(
          library.created(
              out -> library.api.CreateSession(library.env, nativePath, options.options, out)));
    }
  }

  private OrtSession openBytes(ByteBuffer bytes, NativeOptions options) {
    if (bytes.isDirect()) {
      return openDirect(bytes.slice(), options);
    }
    try (Memory copy = Memory.allocateUninitialized(bytes.remaining())) {
      ByteBuffer source = bytes.duplicate();
      copy.lend(
          0,
          copy.byteSize(),
          chunk -> chunk.put(source.slice(source.position(), chunk.remaining())));
      OrtSession[] opened = new OrtSession[1];
      copy.lend(0, copy.byteSize(), chunk -> opened[0] = openDirect(chunk, options));
      return opened[0];
    }
  }

  private OrtSession openDirect(ByteBuffer bytes, NativeOptions options) {
    BytePointer start = new BytePointer(bytes); // a view: nothing to free
    return new OrtSession(
        library.created(
            out ->
                library.api.CreateSessionFromArray(
                    library.env, start, bytes.remaining(), options.options, out)));
  }
}
