package dev.hone.onnx;

import dev.hone.Signature;
import dev.hone.metrics.Recorder;
import dev.hone.onnx.gpu.GpuModel;
import dev.hone.onnx.gpu.StreamRuns;
import dev.hone.onnx.ort.BoundRuns;
import dev.hone.onnx.ort.OrtSettings;

/**
 * A model as a GPU opens it, once for each of its streams.
 *
 * @param name its name in events
 * @param signature what it takes and gives
 * @param recorder told of each run
 * @param stored where it is; its temporary folder, if it has one, goes when this is closed
 * @param settings how it is opened
 */
record BoundModel(
    String name,
    Signature signature,
    Recorder recorder,
    Runners.Stored stored,
    OrtSettings settings)
    implements GpuModel {
  @Override
  public StreamRuns open(long stream, boolean graphs) {
    OrtSettings how = graphs ? settings.withGraphs() : settings;
    return BoundRuns.open(stored.source(), signature, how, stream);
  }

  @Override
  public void close() {
    stored.close();
  }
}
