package dev.hone.cuda;

import dev.hone.cuda.driver.CudnnVersion;
import dev.hone.cuda.driver.DriverAnswer;
import java.util.Optional;

/** What only a GPU at work tells: asking loads CUDA's libraries, which then stay loaded. */
interface LiveGpu {
  /** The first GPU of this machine. */
  LiveGpu HERE =
      new LiveGpu() {
        @Override
        public DriverAnswer driver() {
          return DriverAnswer.ask();
        }

        @Override
        public String cudnn() {
          return CudnnVersion.ask();
        }

        @Override
        public Optional<String> canary() {
          return GpuCanary.onGpu();
        }
      };

  /** What CUDA's runtime says when it is asked for GPUs. */
  DriverAnswer driver();

  /** Which version of cuDNN answers, or why none does, in a few words. */
  String cudnn();

  /** What went wrong when a small model was run; empty if it computed what it should. */
  Optional<String> canary();
}
