package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.family.TransformerVariant;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Map;

/** Single files of FLUX.1. */
final class FluxVariant extends TransformerVariant {
  static final String CLASS = "FluxTransformer2DModel";
  /**
   * Fill's tokens hold the mask and the masked image too: more than twice the channels that it
   * answers with.
   */
  private static final int FILLING = 2;

  FluxVariant() {
    super(
        FluxVariant.class,
        "flux",
        new Transformer(CLASS, FluxKeyFormat::prefix, FluxKeyFormat::config, FluxKeyFormat::layout),
        Map.of("text_encoder", new Clip("clip_l", "<|endoftext|>", false)),
        new Text("text_encoder_2", Language.T5),
        List.of());
  }

  @Override
  public String pipeline(TensorNames names) {
    String at = prefix(names);
    long in = names.shape(at + "img_in.weight")[1];
    long out = names.shape(at + "final_layer.linear.weight")[0];
    return text(in > FILLING * out ? "filling" : "pipeline");
  }

  @Override
  protected Map<String, Object> scheduler(TensorNames names) {
    Map<String, Object> options = super.scheduler(names);
    if (!FluxKeyFormat.isGuided(names, prefix(names))) {
      options.putAll(facts("unguided", Map.of()));
    }
    return options;
  }

  @Override
  protected Certainty prediction() {
    return Certainty.SAID;
  }

  // A config that is known may be of another FLUX.1: whether this one was distilled its tensors
  // tell.
  @Override
  protected Map<String, Object> config(TensorNames names, String at, Map<String, Object> known) {
    Map<String, Object> config = super.config(names, at, known);
    config.put("guidance_embeds", FluxKeyFormat.isGuided(names, at));
    return config;
  }
}
