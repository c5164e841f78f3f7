package dev.hone.cuda.device;

/**
 * What a device is.
 *
 * @param name for people, for example {@code NVIDIA H100 80GB HBM3}
 * @param architecture its compute capability as one number, for example 90 for 9.0
 * @param totalBytes its memory
 * @param multiprocessors how many there are
 */
public record DeviceProperties(
    String name, int architecture, long totalBytes, int multiprocessors) {}
