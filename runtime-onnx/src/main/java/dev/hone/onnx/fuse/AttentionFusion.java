package dev.hone.onnx.fuse;

import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Self-attention in one node. With queries, keys and values {@code x·Wq + bq}, {@code x·Wk + bk},
 * {@code x·Wv + bv} cut into heads, each head is
 *
 * <pre>
 *   softmax(s · q·kᵀ + mask) · v
 * </pre>
 *
 * and the heads stand side by side in the result. All of it becomes {@code Attention(x, W, b,
 * mask)} with the projections merged ({@link Projections}) and the mask as integers ({@link
 * Masks}). Where queries, keys and values are not projections of one input by constants, it becomes
 * {@code MultiHeadAttention(q, k, v)} and they stay as they are. Source: Vaswani et al., Attention
 * Is All You Need, 2017; operator documentation of ONNX Runtime.
 *
 * <p>A row in which no position is left over by the mask has no meaning: its numbers may change.
 */
final class AttentionFusion {
  /** How far a scale may be from the usual one, relatively, to count as it. */
  private static final double SCALE_TOLERANCE = 1e-6;

  private final Context context;
  private final Masks masks;
  private boolean fusedAny;

  private AttentionFusion(Context context) {
    this.context = context;
    this.masks = new Masks(context);
  }

  static void apply(Context context) {
    AttentionFusion fusion = new AttentionFusion(context);
    context.graph().nodes("Reshape").forEach(fusion::tryAt);
    if (fusion.fusedAny) {
      context.graph().removeDead();
    }
    fusion.tellWhatIsLeft();
  }

  private void tryAt(Node last) {
    List<Match> ways =
        AttentionPattern.at(last.output(0), context).filter(AttentionFusion::isOneWay).toList();
    List<Match> fitting =
        ways.stream().filter(match -> Heads.of(match, last.output(0)) != null).toList();
    Optional<Match> free =
        fitting.stream().filter(match -> match.neededElsewhere(last) == null).findFirst();
    if (free.isPresent()) {
      fuse(last, free.get());
    } else if (!fitting.isEmpty()) {
      String needed = fitting.get(0).neededElsewhere(last);
      tell(last, "'" + needed + "' inside is used elsewhere");
    } else if (!ways.isEmpty()) {
      tell(last, "the shapes of its heads are not known before it runs, or fit no attention");
    }
  }

  private void tell(Node last, String why) {
    context.report().left("The attention at " + last.label() + " was not fused: " + why + ".");
  }

  /** Whether all three are taken as projections of one input, or all three as they come. */
  private static boolean isOneWay(Match match) {
    boolean none = !match.has("q.input") && !match.has("k.input") && !match.has("v.input");
    return none || Projections.of(match) != null;
  }

  private void fuse(Node last, Match match) {
    Heads heads = Heads.of(match, last.output(0));
    Masks.Entry mask = masks.of(match, last);
    if (heads == null || mask == null) {
      tell(
          last,
          "its mask depends on the scores, or puts a number in their place that does not hide them");
      return;
    }
    Projections projections = Projections.of(match);
    Node node =
        projections == null ? multiHead(match, mask) : attention(last, projections, heads, mask);
    node.put(Attribute.of("num_heads", heads.count()));
    if (mask.filter() != 0) {
      node.put(Attribute.of("mask_filter_value", mask.filter()));
    }
    double scale = match.number(HeadsPattern.SCALE, 1);
    if (Math.abs(scale / heads.defaultScale() - 1) > SCALE_TOLERANCE) {
      node.put(Attribute.of("scale", (float) scale));
    }
    context.put(last, node);
    fusedAny = true;
  }

  private static Node attention(Node last, Projections projections, Heads heads, Masks.Entry mask) {
    String hint = last.output(0);
    List<String> inputs =
        inputs(
            projections.input(),
            projections.weight(hint + ".qkv_weight"),
            projections.bias(hint + ".qkv_bias"),
            mask.mask(),
            "",
            mask.bias());
    Node node = Node.of(Context.MICROSOFT, "Attention", inputs, List.of());
    if (heads.valueSize() != heads.size()) {
      long keys = heads.count() * heads.size();
      long values = heads.count() * heads.valueSize();
      node.put(Attribute.of("qkv_hidden_sizes", keys, keys, values));
    }
    return node;
  }

  private static Node multiHead(Match match, Masks.Entry mask) {
    List<String> inputs =
        inputs(
            match.value("q.projected"),
            match.value("k.projected"),
            match.value("v.projected"),
            "",
            mask.mask(),
            mask.bias());
    return Node.of(Context.MICROSOFT, "MultiHeadAttention", inputs, List.of());
  }

  /** Inputs without those left out at the end. */
  private static List<String> inputs(String... all) {
    List<String> inputs = new ArrayList<>(List.of(all));
    while (inputs.get(inputs.size() - 1).isEmpty()) {
      inputs.remove(inputs.size() - 1);
    }
    return inputs;
  }

  /** A softmax that weights something is an attention of a form that nothing here knows. */
  private void tellWhatIsLeft() {
    for (Node softmax : context.graph().nodes("Softmax")) {
      boolean weights =
          context.graph().consumers(softmax.output(0)).stream().anyMatch(user -> user.is("MatMul"));
      if (weights) {
        context
            .report()
            .left(softmax.label() + " weights a product, but is no attention of a known form.");
      }
    }
  }
}
