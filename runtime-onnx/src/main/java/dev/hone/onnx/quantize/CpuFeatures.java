package dev.hone.onnx.quantize;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What the processor can do, as far as that can be told without native code.
 *
 * <p>On Linux the kernel lists the features. Elsewhere the list is not known, which is a value, not
 * a failure: {@link #known} is then false and every question is answered {@link Answer#UNKNOWN}
 * unless the architecture alone decides it.
 *
 * @param architecture the kind of processor
 * @param known whether {@code flags} is the whole list
 * @param flags the features by the names that Linux gives them, for example {@code avx512_vnni}
 */
public record CpuFeatures(Architecture architecture, boolean known, Set<String> flags) {
  private static final Path LINUX = Path.of("/proc/cpuinfo");

  /** A kind of processor. */
  public enum Architecture {
    /** 64-bit Intel and AMD. */
    X86_64,
    /** 64-bit ARM. */
    ARM64,
    /** Any other. */
    OTHER
  }

  /** An answer that may be missing. */
  public enum Answer {
    /** It is so. */
    YES,
    /** It is not so. */
    NO,
    /** It cannot be told. */
    UNKNOWN
  }

  /** Copies the flags. */
  public CpuFeatures {
    flags = Set.copyOf(flags);
  }

  /** The features of the machine that this runs on. */
  public static CpuFeatures here() {
    Architecture architecture = architectureOf(System.getProperty("os.arch", ""));
    try {
      return Files.isReadable(LINUX)
          ? parse(architecture, Files.readString(LINUX, StandardCharsets.UTF_8))
          : unknown(architecture);
    } catch (IOException e) {
      return unknown(architecture);
    }
  }

  static CpuFeatures unknown(Architecture architecture) {
    return new CpuFeatures(architecture, false, Set.of());
  }

  static Architecture architectureOf(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "amd64", "x86_64" -> Architecture.X86_64;
      case "aarch64", "arm64" -> Architecture.ARM64;
      default -> Architecture.OTHER;
    };
  }

  /**
   * Reads the text of {@code /proc/cpuinfo}. With processors of several kinds, a feature counts
   * only where all have it.
   */
  static CpuFeatures parse(Architecture architecture, String cpuinfo) {
    Set<String> common = null;
    for (String line : cpuinfo.lines().toList()) {
      int colon = line.indexOf(':');
      String key = colon < 0 ? "" : line.substring(0, colon).trim();
      if (key.equals("flags") || key.equals("Features")) {
        Set<String> flags = words(line.substring(colon + 1));
        if (common == null) {
          common = flags;
        } else {
          common.retainAll(flags);
        }
      }
    }
    return common == null ? unknown(architecture) : new CpuFeatures(architecture, true, common);
  }

  private static Set<String> words(String text) {
    Set<String> words = new TreeSet<>(Arrays.asList(text.trim().split("\\s+")));
    words.remove("");
    return words;
  }

  /** Whether all of these features are there. */
  public Answer has(String... wanted) {
    if (!known) {
      return Answer.UNKNOWN;
    }
    return flags.containsAll(Arrays.asList(wanted)) ? Answer.YES : Answer.NO;
  }

  /**
   * Whether products of unsigned and signed bytes may overflow in this processor's fast kernels.
   *
   * <p>x86 before VNNI multiplies with VPMADDUBSW, which adds two products in 16 bits and
   * saturates: {@code 2 · 255 · 127 = 64770 > 32767}. VPDPBUSD of AVX512-VNNI and AVX-VNNI, and
   * AMX, add in 32 bits. ONNX Runtime looks for AVX-512 after AVX-VNNI, so a processor with
   * AVX-VNNI and AVX-512 but without AVX512-VNNI gets the kernel that saturates. ARM never
   * saturates.
   */
  public Answer saturates() {
    if (architecture != Architecture.X86_64) {
      return Answer.NO;
    }
    if (!known) {
      return Answer.UNKNOWN;
    }
    boolean avx512 = has("avx512f", "avx512bw", "avx512dq", "avx512vl") == Answer.YES;
    boolean wide = flags.contains("avx512_vnni") || flags.contains("amx_int8");
    boolean narrow = flags.contains("avx_vnni") && !avx512;
    return wide || narrow ? Answer.NO : Answer.YES;
  }

  /** The features that matter here, in one line, for example {@code X86_64, avx2, avx512_vnni}. */
  public String summary() {
    if (!known) {
      return architecture + ", features not known";
    }
    Stream<String> telling =
        Stream.of(
            "avx2",
            "avx512f",
            "avx_vnni",
            "avx512_vnni",
            "amx_int8",
            "avx512_bf16",
            "asimddp",
            "i8mm",
            "bf16",
            "sve");
    return architecture
        + telling.filter(flags::contains).map(f -> ", " + f).reduce("", String::concat);
  }
}
