package dev.hone.benchmarks.measure;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run was measured on.
 *
 * @param processor model name
 * @param features what the processor can do that matters here, for example {@code avx512_vnni}
 * @param cores processors that this process may use
 * @param memoryGib memory of the machine
 * @param virtual whether a hypervisor is underneath
 * @param system operating system and kernel
 * @param java version and vendor of the JVM
 * @param versions versions of the libraries that ran, by name
 */
public record Machine(
    String processor,
    List<String> features,
    int cores,
    long memoryGib,
    boolean virtual,
    String system,
    String java,
    Map<String, String> versions) {
  private static final List<String> NOTEWORTHY =
      List.of("avx", "avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8");

  /** The machine that this process runs on. */
  public static Machine here(Map<String, String> versions) {
    Map<String, String> cpu = readProcessor();
    List<String> flags = List.of(cpu.getOrDefault("flags", "").split(" ", -1));
    String name = cpu.getOrDefault("model name", System.getProperty("os.arch"));
    String family = cpu.containsKey("cpu family") ? ", family " + cpu.get("cpu family") : "";
    return new Machine(
        name + family,
        NOTEWORTHY.stream().filter(flags::contains).toList(),
        Runtime.getRuntime().availableProcessors(),
        readMemoryGib(),
        flags.contains("hypervisor"),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"),
        new LinkedHashMap<>(versions));
  }

  private static Map<String, String> readProcessor() {
    Map<String, String> values = new LinkedHashMap<>();
    for (String line : ProcFile.lines("/proc/cpuinfo")) {
      String[] parts = line.split(":", 2);
      if (parts.length == 2) {
        values.putIfAbsent(parts[0].strip(), parts[1].strip());
      }
    }
    return values;
  }

  private static long readMemoryGib() {
    for (String line : ProcFile.lines("/proc/meminfo")) {
      if (line.startsWith("MemTotal:")) {
        return Math.round(Long.parseLong(line.replaceAll("\\D", "")) / 1048576.0);
      }
    }
    return 0;
  }

  /** One line for a table, for example {@code AMD EPYC, family 26 · 2 cores · JDK 17.0.15}. */
  public String inOneLine() {
    return processor + ", " + cores + (cores == 1 ? " core" : " cores") + ", Java " + feature();
  }

  private String feature() {
    String[] words = java.split(" ", -1);
    return words[words.length - 1];
  }
}
