package dev.hone.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The session entries of ONNX Runtime 1.24, which looks up those that it knows and passes over all
 * others in silence.
 */
final class ConfigKeys {
  /** What is 1 or 0. */
  private static final Set<String> SWITCHES =
      Set.of(
          "ep.context_embed_mode",
          "ep.context_enable",
          "ep.share_ep_contexts",
          "mlas.enable_gemm_fastmath_arm64_bfloat16",
          "optimization.enable_cast_chain_elimination",
          "optimization.enable_gelu_approximation",
          "session.allow_released_opsets_only",
          "session.debug_layout_transformation",
          "session.disable_aot_function_inlining",
          "session.disable_cpu_ep_fallback",
          "session.disable_double_qdq_remover",
          "session.disable_model_compile",
          "session.disable_prepacking",
          "session.disable_quant_qdq",
          "session.enable_quant_qdq_cleanup",
          "session.force_spinning_stop",
          "session.inter_op.allow_spinning",
          "session.intra_op.allow_spinning",
          "session.qdqisint8allowed",
          "session.record_ep_graph_assignment_info",
          "session.save_external_prepacked_constant_initializers",
          "session.set_denormal_as_zero",
          "session.strict_shape_type_inference",
          "session.use_device_allocator_for_initializers",
          "session.use_env_allocators",
          "session.use_ort_model_bytes_directly",
          "session.use_ort_model_bytes_for_initializers",
          "session.x64quantprecision");

  /** What takes a number, a name or a list. */
  private static final Set<String> OTHERS =
      Set.of(
          "ep.context_file_path",
          "ep.context_model_external_initializers_file_name",
          "ep.context_node_name_prefix",
          "optimization.disable_specified_optimizers",
          "optimization.minimal_build_optimizations",
          "session.collect_node_memory_stats_to_file",
          "session.dynamic_block_base",
          "session.graph_optimizations_loop_level",
          "session.intra_op_thread_affinities",
          "session.load_model_format",
          "session.model_external_initializers_file_folder_path",
          "session.node_partition_config_file",
          "session.optimized_model_external_initializers_file_name",
          "session.optimized_model_external_initializers_min_size_in_bytes",
          "session.qdq_matmulnbits_accuracy_level",
          "session.resource_cuda_partitioning_settings",
          "session.save_model_format");

  private ConfigKeys() {}

  /** Refuses a switch that is neither on nor off. */
  static void requireSense(String key, String value) {
    if (SWITCHES.contains(key) && !value.equals("0") && !value.equals("1")) {
      throw new IllegalArgumentException(
          "The session entry '"
              + key
              + "' is a switch, which is 1 for on or 0 for off, but is '"
              + value
              + "'.");
    }
  }

  /** What to note of entries that are not known: one sentence for each. */
  static List<String> notes(Map<String, String> entries) {
    List<String> notes = new ArrayList<>();
    for (String key : new TreeMap<>(entries).keySet()) {
      if (!SWITCHES.contains(key) && !OTHERS.contains(key)) {
        notes.add(
            "The session entry '"
                + key
                + "' is none that ONNX Runtime 1.24 is known to have: it passes over what it does"
                + " not know without a word.");
      }
    }
    return notes;
  }
}
