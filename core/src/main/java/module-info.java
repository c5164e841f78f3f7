/** The vocabulary of Hone, off-heap memory, and everything that knows no model format. */
module dev.hone.core {
  requires org.bytedeco.javacpp;
  requires static transitive org.jspecify;

  exports dev.hone;
  exports dev.hone.memory;

  uses dev.hone.InferenceRuntime;
}
