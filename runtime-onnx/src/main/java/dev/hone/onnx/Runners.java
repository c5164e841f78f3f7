package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.ModelSource;
import dev.hone.RunOptions;
import dev.hone.Signature;
import dev.hone.metrics.Recorder;
import dev.hone.onnx.calibrate.ModelRunner;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.ort.NativeSession;
import dev.hone.onnx.ort.OrtSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes graphs ready to run while they are worked on: sessions that nobody else sees. */
final class Runners {
  private Runners() {}

  /** Opens graphs in memory, with so many threads. */
  static ModelRunner.Opener opener(int threads, Map<String, String> config) {
    return model -> open(model, threads, config);
  }

  /**
   * Where a session finds a model.
   *
   * @param source its bytes
   * @param folder a temporary folder that holds them and goes with the session, or null
   */
  record Stored(ModelSource source, @Nullable Path folder) implements AutoCloseable {
    /** Of a source that is nobody's to delete. */
    static Stored at(ModelSource source) {
      return new Stored(source, null);
    }

    /** Deletes the temporary folder, if it is still there. */
    @Override
    public void close() {
      delete(folder);
    }
  }

  /** A graph ready for a session: in memory, or in a temporary folder if it is too large for it. */
  static Stored stored(ModelData model, String name) {
    return model.fitsOneFile()
        ? Stored.at(new ModelSource.OfBytes(model.toBuffer(), name, null))
        : inFile(model);
  }

  /** A model where it is; its graph where it is nowhere yet, or its parts are too far apart. */
  static Stored stored(OnnxModel model) {
    return model.isStored() && model.isInOneFolder()
        ? Stored.at(model.source())
        : stored(model.data(), model.name());
  }

  /** A graph in a temporary folder. */
  static Stored inFile(ModelData model) {
    Path folder = temporaryFolder();
    try {
      Path file = folder.resolve("model.onnx");
      model.write(file);
      return new Stored(ModelSource.of(file), folder);
    } catch (RuntimeException | Error e) {
      delete(folder);
      throw e;
    }
  }

  private static ModelRunner open(ModelData model, int threads, Map<String, String> config) {
    return open(stored(model, "memory"), model.signature(), threads, config);
  }

  /** Opens a model, where it is if that can be. */
  static ModelRunner open(OnnxModel model, int threads) {
    Stored stored = model.isInOneFolder() ? Stored.at(model.source()) : stored(model);
    return open(stored, model.signature(), threads, Map.of());
  }

  private static ModelRunner open(
      Stored stored, Signature signature, int threads, Map<String, String> config) {
    try {
      return new Runner(session(stored.source(), signature, threads, config), stored.folder());
    } catch (RuntimeException | Error e) {
      stored.close();
      throw e;
    }
  }

  private static NativeSession session(
      ModelSource source, Signature signature, int threads, Map<String, String> config) {
    OrtSettings settings =
        new OrtSettings(
            threads,
            1,
            false,
            OrtSettings.Optimization.ALL,
            true,
            true,
            false,
            null,
            null,
            config,
            Map.of(),
            Map.of());
    return NativeSession.open(source, signature, settings, source.name(), Recorder.disabled());
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("hone-");
    } catch (IOException e) {
      throw new HoneException(
          "A model of more than 2 GiB is worked on through a file, but the folder for temporary files,"
              + " "
              + System.getProperty("java.io.tmpdir")
              + ", cannot be written: "
              + e
              + ". Set java.io.tmpdir to one that has room.",
          e);
    }
  }

  /** Deletes a temporary folder with its files, if there is one. */
  static void delete(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // Left to whoever clears the folder for temporary files.
    }
  }

  /** Runs a session, where it was placed, that stays somebody else's, who is not told of it. */
  static ModelRunner borrowed(NativeSession session, Placement placement) {
    return new ModelRunner() {
      @Override
      public Batch run(Batch in) {
        return placement.apart(() -> session.runUncounted(in));
      }

      @Override
      public void close() {}
    };
  }

  private record Runner(NativeSession session, @Nullable Path folder) implements ModelRunner {
    @Override
    public Batch run(Batch in) {
      return session.run(in, RunOptions.DEFAULT, 0);
    }

    @Override
    public void close() {
      session.close();
      delete(folder);
    }
  }
}
