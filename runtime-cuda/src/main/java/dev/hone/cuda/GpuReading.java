package dev.hone.cuda;

/**
 * What a GPU is doing at a moment, as NVIDIA's management library tells it. It speaks of the whole
 * device, whoever uses it. NaN or -1 stands for what this device does not tell.
 *
 * @param utilization how much of the last second or less a kernel was running, from 0 to 1
 * @param usedBytes how much of its memory is used
 * @param totalBytes how much memory it has
 * @param celsius how warm it is
 * @param watts what it draws
 */
public record GpuReading(
    double utilization, long usedBytes, long totalBytes, double celsius, double watts) {
  /** Of a device that tells nothing. */
  static final GpuReading NONE = new GpuReading(Double.NaN, -1, -1, Double.NaN, Double.NaN);
}
