package dev.hone.benchmarks.cuda;

import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.benchmarks.measure.Rival;

/** Where it is measured: a GPU, or in a test what stands in for one. Not safe to share. */
interface Site extends AutoCloseable {
  /** A session there, owned by the caller; without graphs if {@code graphShapes} is 0. */
  Session open(Model model, Precision precision, int graphShapes);

  /** A copy of a tensor of the host that lies there, owned by the caller. */
  Tensor there(Tensor host);

  /** The elements of a tensor that lies there. */
  float[] back(Tensor there);

  /**
   * The least that a run can cost: ONNX Runtime's own, bound to these tensors, and a wait for its
   * end.
   *
   * @param in the model's only input, which lies there
   * @param out its only output, which lies there
   */
  Rival bare(Model model, Tensor in, Tensor out);

  /**
   * Looks whether runs of a session were replays of graphs.
   *
   * @throws IllegalStateException if none was
   */
  void requireReplays(Session session);

  /** The bytes of its memory that are used, by whomever; -1 where that is not told. */
  long usedBytes();

  @Override
  void close();
}
