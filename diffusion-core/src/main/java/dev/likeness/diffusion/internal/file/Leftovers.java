package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The tensors of a file under its authors' names that no component uses. Some are known to change
 * no image. An unknown one is refused where it may belong to an opened component, because it could
 * be a scale or a changed layer. Elsewhere it is listed.
 */
public final class Leftovers {
  /**
   * Tensors without which the image is the same.
   *
   * @param names the pattern of their whole names
   * @param reason why the image is the same
   */
  private record Harmless(Pattern names, String reason) {
    Harmless(String names, String reason) {
      this(Pattern.compile(names), reason);
    }
  }

  private static final List<Harmless> HARMLESS = List.of(
      new Harmless("(.*\\.)?model_ema\\..*", "averages, used only if there are no other weights"),
      new Harmless("(.*\\.)?position_ids", "the numbers 0, 1, 2, …"),
      new Harmless("(.*\\.)?logit_(scale|bias)", "a factor of CLIP's loss"),
      new Harmless("(.*\\.)?attn_mask", "the causal mask"),
      new Harmless("(.*\\.)?num_batches_tracked", "a count of training steps"),
      new Harmless(
          "(.*\\.)?(vision_model|visual_projection|visual)\\..*", "the image encoder of a CLIP"),
      new Harmless(
          "(.*\\.)?text_projection(\\.weight)?", "a projection that the family does not use"),
      new Harmless("(.*\\.)?encoder\\.embed_tokens\\.weight", "T5's second name of its embedding"),
      new Harmless(
          "(.*\\.)?decoder\\.(block\\.\\d+\\.layer\\.\\d+\\..*"
              + "|(embed_tokens|final_layer_norm)\\.weight)|(.*\\.)?lm_head\\.weight",
          "T5's decoder"),
      new Harmless("(.*\\.)?(spiece|tekken)_model", "a tokenizer, which is read from its own file"),
      new Harmless("((first_stage_model|vae)\\.)?loss\\..*", "the loss of an autoencoder"),
      new Harmless(
          "(betas|alphas_cumprod(_prev)?|sqrt_(one_minus_|recip_|recipm1_)?alphas_cumprod"
              + "|log_one_minus_alphas_cumprod|posterior_(variance|log_variance_clipped"
              + "|mean_coef[12])|lvlb_weights|logvar|scale_factor)"
              + "|(denoiser|model_sampling)\\.(log_)?sigmas",
          "the trained noise schedule, which the scheduler has"),
      new Harmless("v_pred|ztsnr|edm_(mean|std)", "marks, which are read when a file is detected"),
      new Harmless(
          "global_step|epoch|(optimizer(_states)?|lr_schedulers|callbacks|loops)\\..*",
          "the state of a training"),
      new Harmless(
          "(.*\\.)?norm_final\\.weight",
          "a norm that the transformer does not run; diffusers drops it"));

  private final TensorNames file;
  private final Collection<KeyMapping> components;
  private final List<String> unknown;

  /** Lists the tensors of {@code file} that none of {@code components} uses. */
  public Leftovers(TensorNames file, Collection<KeyMapping> components) {
    this.file = file;
    this.components = List.copyOf(components);
    this.unknown = file.names().stream()
        .filter(
            name -> this.components.stream().noneMatch(of -> of.uses(name) || of.leavesOut(name)))
        .filter(name -> !isHarmless(name))
        .toList();
  }

  /** Returns true if the tensor is known to change no image. */
  public static boolean isHarmless(String name) {
    return HARMLESS.stream().anyMatch(known -> known.names().matcher(name).matches());
  }

  /** Returns the number of unknown tensors. */
  public int count() {
    return unknown.size();
  }

  /**
   * Refuses unknown tensors below the names of {@code component}; all of them if it has 8-bit
   * weights, whose scales they could be.
   *
   * @throws InvalidInputException if there is one
   */
  public void requireNone(KeyMapping component) {
    boolean small = file.names().stream()
        .anyMatch(name -> file.dtype(name).isFloating()
            && file.dtype(name).bits() == Byte.SIZE
            && !component.canonicalNames(name).isEmpty());
    List<String> refused = unknown.stream()
        .filter(name ->
            small && components.stream().noneMatch(of -> of.covers(name)) || component.covers(name))
        .toList();
    refused.stream()
        .flatMap(scale -> ScaledTensors.scaledBy(scale)
            .filter(weight -> component.uses(weight) && !file.has(weight))
            .map(weight -> new InvalidInputException(file.describe() + ": no tensor "
                + Quoted.of(weight) + " beside its scale " + Quoted.of(scale)
                + "; the file is incomplete: download it again"))
            .stream())
        .findFirst()
        .ifPresent(missing -> {
          throw missing;
        });
    if (!refused.isEmpty()) {
      throw new InvalidInputException(file.describe() + " has tensors that belong to no module of"
          + " its network (" + refused.size() + ", e.g. " + Quoted.of(stored(refused.get(0)))
          + "); "
          + (small
              ? "they may be scales of its 8-bit weights: give the model in bf16, f16 or float8, or"
                  + " as GGUF"
              : "the model may be of a variant that is not supported, or a program changed"
                  + " the file: use a published file of a supported model"));
    }
  }

  /** Returns a notice of the unknown tensors that were not refused; empty without any. */
  public List<String> notices() {
    return unknown.isEmpty()
        ? List.of()
        : List.of(file.describe() + " has tensors that are not used (" + unknown.size() + ", e.g. "
            + Quoted.of(stored(unknown.get(0))) + ")");
  }

  private String stored(String name) {
    return file.storedName(name);
  }
}
