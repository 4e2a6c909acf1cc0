package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.model.Flux;
import dev.likeness.diffusion.model.Networks;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.model.StableDiffusion3;
import dev.likeness.diffusion.nn.ScaledDotProduct;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.change.Layer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many bytes a network's way forward keeps for the way back, block by block, from the shapes of its layers: each
 * layer's inputs and outputs at as many places as it computes, and the weights of attention where they are kept.
 */
final class ActivationCount {
  /** A residual block, a transformer block's stack or a block of a joint transformer. */
  private static final Pattern BLOCK = Pattern.compile(
      "(?:down_blocks|up_blocks)\\.\\d+\\.[a-z]+\\.\\d+|mid_block\\.[a-z]+\\.\\d+|(?:single_)?transformer_blocks\\.\\d+");
  private static final Pattern LEVEL = Pattern.compile("(down|up)_blocks\\.(\\d+)\\.(\\w+)");
  private static final int TEXT = 77;
  private static final int LONG_TEXT = 512;
  /** Bytes for a number of a layer's input and output: of the network's type, and of the f32 that norms work in; measured. */
  private static final double TYPED = 1.35;
  private static final double SINGLE = 0.3;

  private final Networks model;
  private final int places;
  private final int levels;
  private final Map<String, Double> blocks = new LinkedHashMap<>();
  private final Map<String, Double> scores = new LinkedHashMap<>();
  private double borders;

  /** Counts for one picture whose latents have {@code places} places. */
  ActivationCount(Networks model, int places) {
    this.model = model;
    this.places = model instanceof StableDiffusion ? places : places / 4;
    levels = model instanceof StableDiffusion s ? s.unetConfig().levels().size() : 1;
    LayerTable.of(model).layers().stream()
        .filter(l -> (l.part() == Part.UNET || l.part() == Part.TRANSFORMER) && !l.isNorm()).forEach(this::add);
  }

  /** All that is kept where nothing is computed twice, for numbers of so many bytes. */
  double all(int bytes) {
    return blocks.keySet().stream().mapToDouble(block -> block(block, bytes)).sum();
  }

  /**
   * What is kept at a time where blocks are computed twice: what goes from one to the next, and the largest block with the
   * gradients of its attention.
   */
  double twice(int bytes) {
    return borders * bytes + blocks.keySet().stream()
        .mapToDouble(block -> block(block, bytes) + bytes * scores.getOrDefault(block, 0.0)).max().orElse(0);
  }

  private double block(String name, int bytes) {
    return blocks.get(name) * (TYPED * bytes + SINGLE) + bytes * scores.getOrDefault(name, 0.0);
  }

  private void add(Layer layer) {
    Matcher named = BLOCK.matcher(layer.path());
    String block = named.find() ? named.group() : "ends";
    double tokens = tokens(layer.path());
    if (layer.path().matches(".*attn\\d?\\.(to_q|qkv)")) {
      scores.merge(block, scores(layer.path(), tokens), Double::sum);
    }
    if (!blocks.containsKey(block)) {
      borders += tokens * layer.out();
    }
    blocks.merge(block, tokens * (layer.in() + layer.out()), Double::sum);
  }

  private double scores(String path, double tokens) {
    double others = path.contains("attn2") && levels > 1 ? TEXT : levels > 1 ? tokens : tokens + text();
    double each = (levels > 1 ? tokens : tokens + text()) * others;
    // Larger ones are computed again on the way back, and in other types libtorch keeps none.
    boolean kept = model.compute().dtype() == DType.BF16 && each <= ScaledDotProduct.WHOLE;
    return kept ? heads(path) * each : 0;
  }

  private int heads(String path) {
    if (model instanceof Flux flux) {
      return flux.config().heads();
    }
    return model instanceof StableDiffusion3 three ? three.config().heads()
        : ((StableDiffusion) model).unetConfig().levels().get(level(path)).heads();
  }

  private int text() {
    return model instanceof Flux ? LONG_TEXT : TEXT + LONG_TEXT / 2;
  }

  /** At how many places a layer computes. */
  private double tokens(String path) {
    if (path.matches(".*(time_|embed|norm|linear_).*") && !path.startsWith("x_embedder")) {
      return 1;
    }
    if (levels == 1) {
      boolean told = path.contains("add_") || path.contains("context");
      return told ? text() : path.startsWith("single") ? places + text() : places;
    }
    return path.matches(".*attn2\\.to_[kv]") ? TEXT : places / Math.pow(4, level(path));
  }

  private int level(String path) {
    Matcher at = LEVEL.matcher(path);
    if (path.startsWith("mid_block")) {
      return levels - 1;
    }
    if (!at.find()) {
      return 0;
    }
    int number = Integer.parseInt(at.group(2));
    int level = at.group(1).equals("down") ? number : levels - 1 - number;
    return at.group(3).startsWith("downs") ? level + 1 : at.group(3).startsWith("ups") ? level - 1 : level;
  }
}
