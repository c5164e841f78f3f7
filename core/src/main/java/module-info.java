/** The vocabulary of Hone, off-heap memory, and everything that knows no model format. */
module dev.hone.core {
  requires jdk.jfr;
  requires org.bytedeco.javacpp;
  requires static micrometer.core; // for SessionMetrics and ShadowMetrics alone
  requires static transitive org.jspecify;

  exports dev.hone;
  exports dev.hone.batching;
  exports dev.hone.memory;
  exports dev.hone.metrics;
  exports dev.hone.shadow;

  uses dev.hone.InferenceRuntime;
}
