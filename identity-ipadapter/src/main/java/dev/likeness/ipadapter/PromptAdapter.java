package dev.likeness.ipadapter;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.adapter.BlockAddition;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.Generation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.ipadapter.ImagePrompt.Settings;
import dev.likeness.ipadapter.internal.attention.AttentionMask;
import dev.likeness.ipadapter.internal.attention.BlockTokens;
import dev.likeness.ipadapter.internal.attention.FaceIdLora;
import dev.likeness.ipadapter.internal.attention.TokenBranch;
import dev.likeness.ipadapter.internal.attention.TokenMemories;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An image prompt at one weight. It computes tokens, keys and values once for each request. */
record PromptAdapter(
    IpAdapter adapter, ReferenceEmbeddings references, Settings settings, double weight)
    implements ModelAdapter {
  /**
   * Refuses a base that the adapter was not opened for, even if its layers have the same widths:
   * tokens for one base have no meaning for another.
   */
  @Override
  public void requireCompatible(ModelComponent.Tensors model) {
    if (weight == 0) {
      return;
    }
    AdapterSites found = adapter.layout().method().sites(AdapterSites.of("of the request", model));
    if (!adapter.sites().matches(found)) {
      throw new IllegalArgumentException("the image prompt of " + adapter.describe() + " is for "
          + adapter.sites().describe() + ", but the base of the request is " + found.describe()
          + "; open the adapter for this base");
    }
  }

  @Override
  public boolean isRegional() {
    return weight != 0 && settings.mask() != null;
  }

  @Override
  public List<UsageLock> usageLocks() {
    return weight == 0 ? List.of() : List.of(adapter.usageLock());
  }

  @Override
  public Contribution contribution() {
    Contribution contribution = (weight == 0 ? Contribution.NONE : Contribution.of(this::changes))
        .withPrompts(generation ->
            adapter.opened().prompts(references, weight, settings.start(), settings.end()));
    Optional<ControlImage> own = weight == 0 ? Optional.empty() : control();
    return own.map(image -> contribution
            .withControls(List.of(image))
            .withControlTokens((control, generation) -> control.equals(image)
                ? adapter
                    .opened()
                    .controlTokens(references, Optional.ofNullable(settings.negative()))
                : Optional.empty()))
        .orElse(contribution);
  }

  private boolean actsThroughControlNet() {
    return adapter
        .layout()
        .method()
        .controlNet()
        .filter(IdentityMethod.OwnControlNet::isAlone)
        .isPresent();
  }

  /**
   * Returns the control image, with the weight of a method that acts through it alone; empty if
   * there is none, or if it acts in no step.
   */
  private Optional<ControlImage> control() {
    ControlImage given = settings.control();
    if (given == null || !actsThroughControlNet()) {
      return Optional.ofNullable(given);
    }
    double start = Math.max(given.start(), settings.start());
    double end = Math.min(given.end(), settings.end());
    return start < end
        ? Optional.of(given.scale(given.scale() * weight).between(start, end))
        : Optional.empty();
  }

  /** {@inheritDoc} A black control image leaves place and pose open, and keeps the person. */
  @Override
  public ModelAdapter withoutControls() {
    if (settings.control() == null || !actsThroughControlNet()) {
      return ModelAdapter.super.withoutControls();
    }
    RgbImage keypoints = settings.control().image();
    RgbImage black = RgbImage.of(
        keypoints.width(),
        keypoints.height(),
        new byte[3 * keypoints.width() * keypoints.height()]);
    return new PromptAdapter(
        adapter, references, settings.withControl(settings.control().image(black)), weight);
  }

  private Adaptation changes(ModelComponent component, Generation generation) {
    if (component != adapter.sites().component()) {
      return Adaptation.NONE;
    }
    if (!generation.compute().equals(adapter.compute())) {
      throw new IllegalArgumentException(
          "the adapter " + adapter.describe() + " was opened for a base on " + adapter.compute()
              + ", but the base of the request is on " + generation.compute()
              + "; open the adapter for this base");
    }
    Optional<BlockTokens> behind = adapter.opened().blockTokens(references, false);
    return behind.isPresent()
        ? new PromptAdaptation(
            Map.of(), additions(behind.get(), generation), adapter.lora(), settings)
        : new PromptAdaptation(branches(generation), Map.of(), adapter.lora(), settings);
  }

  /** Returns the addition behind each block that the prompt acts on, by the block's name. */
  private Map<String, BlockAddition> additions(BlockTokens shown, Generation generation) {
    BlockTokens nothing = !generation.usesGuidance()
        ? null
        : settings.negative() == null
            ? adapter.opened().blockTokens(references, true).orElseThrow()
            : adapter.opened().blockTokens(settings.negative(), false).orElseThrow();
    AttentionMask mask =
        settings.mask() == null ? null : new AttentionMask(settings.mask(), generation);
    Map<String, BlockAddition> additions = new HashMap<>();
    for (int t = 0; t < adapter.sites().paths().size(); t++) {
      double scale = weight * settings.blockWeights().of(adapter.sites(), t);
      if (scale != 0) {
        additions.put(adapter.module(t), new BlockTokens.Addition(nothing, shown, t, scale, mask));
      }
    }
    return additions;
  }

  /**
   * Returns a branch for each module that the prompt acts on, by module name. Their tensors belong
   * to the calling scope.
   */
  private Map<String, AttentionBranch> branches(Generation generation) {
    TokenMemories shown = memories(references, false);
    TokenMemories nothing = !generation.usesGuidance()
        ? null
        : settings.negative() == null
            ? memories(references, true)
            : memories(settings.negative(), false);
    AttentionMask mask =
        settings.mask() == null ? null : new AttentionMask(settings.mask(), generation);
    Map<String, AttentionBranch> branches = new HashMap<>();
    for (int t = 0; t < adapter.sites().paths().size(); t++) {
      double scale = weight * settings.blockWeights().of(adapter.sites(), t);
      if (scale != 0) {
        branches.put(
            adapter.module(t),
            new TokenBranch(
                nothing == null ? null : nothing.at(t, scale),
                shown.at(t, scale),
                mask != null && adapter.sites().includesText(t)
                    ? mask.afterText(imageTokenCount(generation))
                    : mask));
      }
    }
    return branches;
  }

  /**
   * Returns the number of image tokens in a transformer; a token is a square of two by two latents.
   */
  private static long imageTokenCount(Generation generation) {
    return (long) generation.width()
        / generation.vaeScaleFactor()
        / 2
        * (generation.height() / generation.vaeScaleFactor() / 2);
  }

  /** @param hidden true for the unconditional tokens instead of those of the references */
  private TokenMemories memories(ReferenceEmbeddings of, boolean hidden) {
    return adapter.memories(of, hidden, settings.shortcutScale());
  }

  /**
   * The adaptation of one request. Its branches apply in their share of the steps, FaceID's LoRA in
   * all steps.
   */
  static final class PromptAdaptation implements Adaptation {
    private final Map<String, AttentionBranch> branches;
    private final Map<String, BlockAddition> additions;
    private final FaceIdLora lora;
    private final Settings settings;
    private final Adaptation inactive;

    PromptAdaptation(
        Map<String, AttentionBranch> branches,
        Map<String, BlockAddition> additions,
        FaceIdLora lora,
        Settings settings) {
      this.branches = branches;
      this.additions = additions;
      this.lora = lora;
      this.settings = settings;
      inactive = branches.isEmpty() && additions.isEmpty()
          ? this
          : lora == null ? NONE : new PromptAdaptation(Map.of(), Map.of(), lora, settings);
    }

    @Override
    public List<BlockAddition> additionsBehind(String block) {
      BlockAddition addition = additions.get(block);
      return addition == null ? List.of() : List.of(addition);
    }

    @Override
    public List<AttentionBranch> branches(String module) {
      AttentionBranch branch = branches.get(module);
      return branch == null ? List.of() : List.of(branch);
    }

    @Override
    public List<AdapterLayer> adapterLayers(String module) {
      return lora == null ? List.of() : lora.adapterLayers(module, settings.loraScale());
    }

    @Override
    public Adaptation at(double progress) {
      return settings.start() <= progress && progress < settings.end() ? this : inactive;
    }
  }
}
