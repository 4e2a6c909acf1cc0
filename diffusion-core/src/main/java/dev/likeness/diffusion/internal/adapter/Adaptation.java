package dev.likeness.diffusion.internal.adapter;

import dev.likeness.diffusion.request.CachingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/**
 * What a request adds to a model, looked up by module path
 * ({@code down_blocks.0.attentions.0...attn1.to_q}). A network built over the same tensors with
 * another adaptation is another adapted view; the base is never touched.
 */
public interface Adaptation {
  /** Adds nothing. */
  Adaptation NONE = new Adaptation() {
    @Override
    public boolean isBatchable() {
      return true;
    }
  };

  /** The side paths of the layer at {@code module}, in the order they are added. */
  default List<AdapterLayer> adapterLayers(String module) {
    return List.of();
  }

  /**
   * The extra branches of the attention at {@code module}, whose layer after the attention they go
   * through too; or, at a double block of FLUX, branches that are added to the image after the
   * block.
   */
  default List<AttentionBranch> branches(String module) {
    return List.of();
  }

  /**
   * Whether in the self-attention at {@code module} every token sees itself alone (of an image's
   * and a text's: the image's).
   */
  default boolean isPerturbed(String module) {
    return false;
  }

  /**
   * The share of an image's tokens, 0 to 0.75, that a UNet merges for self-attention where it
   * attends to most of them.
   */
  default double tokenMergingRatio() {
    return 0;
  }

  /**
   * What the network has in the place of its own tensor of that full name; {@code own} itself where
   * nothing changes. Another tensor is owned by whoever builds the network, and lives as long.
   * Asked where {@link #replaces} says so.
   */
  default Tensor tensor(String name, Tensor own) {
    return own;
  }

  /**
   * Whether {@link #tensor} may give another tensor for that name; where not, it need not be asked.
   */
  default boolean replaces(String name) {
    return false;
  }

  /**
   * Whether layers may keep forms of the network's own weights that they multiply faster:
   * {@link UnpackedWeights}.
   */
  default boolean allowsPackedWeights() {
    return true;
  }

  /**
   * What of this is added at {@code progress} through the sampling steps, from 0 to just below 1.
   * Equal answers share one adapted view, so one that changes over time gives few different ones.
   */
  default Adaptation at(double progress) {
    return this;
  }

  /**
   * Whether all that this adds are side paths, so that each row of a batch may have its own: see
   * {@link BatchedAdaptation}.
   */
  default boolean isBatchable() {
    return false;
  }

  /** This adaptation and {@code other}, summed. */
  default Adaptation and(Adaptation other) {
    if (this == NONE || other == NONE) {
      return this == NONE ? other : this;
    }
    return new Summed(this, other);
  }

  /**
   * Tokens of an image that are alike merged for a UNet's self-attention at the largest level that
   * attends (Bolya and Hoffman 2023, arXiv:2303.17604).
   *
   * @param tokenMergingRatio the share of the tokens, 0 to 0.75: of each square of two by two one
   *     stays
   */
  public record MergedTokens(double tokenMergingRatio) implements Adaptation {
    public MergedTokens {
      if (!(tokenMergingRatio >= 0 && tokenMergingRatio <= 0.75)) {
        throw new IllegalArgumentException(
            "a share of tokens to merge must be in 0..0.75, got " + tokenMergingRatio);
      }
    }

    /** What these options add to a UNet. */
    public static Adaptation of(CachingOptions options) {
      return options.mergeRatio() == 0 ? Adaptation.NONE : new MergedTokens(options.mergeRatio());
    }
  }

  /**
   * Self-attentions in which every token sees itself alone (Ahn et al. 2024, arXiv:2403.17377).
   *
   * @param layers regular expressions to be found in the names of the attentions
   */
  public record PerturbedAttention(List<String> layers) implements Adaptation {
    @Override
    public boolean isPerturbed(String module) {
      return layers.stream()
          .anyMatch(layer -> Pattern.compile(layer).matcher(module).find());
    }
  }

  /** Two adaptations at once. */
  record Summed(Adaptation first, Adaptation second) implements Adaptation {
    @Override
    public List<AdapterLayer> adapterLayers(String module) {
      List<AdapterLayer> before = first.adapterLayers(module);
      List<AdapterLayer> after = second.adapterLayers(module);
      return concat(
          before,
          after.stream()
              .filter(path -> !containsKey(before, path.deduplicationKey()))
              .toList());
    }

    @Override
    public List<AttentionBranch> branches(String module) {
      return concat(first.branches(module), second.branches(module));
    }

    @Override
    public boolean isPerturbed(String module) {
      return first.isPerturbed(module) || second.isPerturbed(module);
    }

    @Override
    public double tokenMergingRatio() {
      return Math.max(first.tokenMergingRatio(), second.tokenMergingRatio());
    }

    @Override
    public Tensor tensor(String name, Tensor own) {
      return second.tensor(name, first.tensor(name, own));
    }

    @Override
    public boolean replaces(String name) {
      return first.replaces(name) || second.replaces(name);
    }

    @Override
    public boolean allowsPackedWeights() {
      return first.allowsPackedWeights() && second.allowsPackedWeights();
    }

    @Override
    public Adaptation at(double progress) {
      return first.at(progress).and(second.at(progress));
    }

    @Override
    public boolean isBatchable() {
      return first.isBatchable() && second.isBatchable();
    }

    private static boolean containsKey(List<AdapterLayer> paths, Object once) {
      return once != null && paths.stream().anyMatch(path -> once == path.deduplicationKey());
    }

    private static <T> List<T> concat(List<T> first, List<T> second) {
      if (first.isEmpty() || second.isEmpty()) {
        return first.isEmpty() ? second : first;
      }
      List<T> all = new ArrayList<>(first);
      all.addAll(second);
      return all;
    }
  }

  /**
   * Makes layers multiply their weights as loaded, without packed copies. Results differ by
   * rounding only. For training, which keeps the loaded weights anyway: packed copies would double
   * the memory of a network.
   */
  public enum UnpackedWeights implements Adaptation {
    /** There is one of it. */
    INSTANCE;

    @Override
    public boolean allowsPackedWeights() {
      return false;
    }
  }
}
