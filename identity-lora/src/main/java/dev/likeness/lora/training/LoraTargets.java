package dev.likeness.lora.training;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.internal.algorithm.TargetLayer;

/** Which layers a training changes. */
public enum LoraTargets {
  /** The projections of every attention, of both streams where there are two. */
  ATTENTION(Names.ATTENTION, Names.TEXT),
  /** All linear layers of the transformer blocks. */
  TRANSFORMERS(Names.ATTENTION + Names.LINEAR, Names.TEXT + Names.TEXT_LINEAR),
  /** Those, and the residual blocks' convolutions. */
  CONVOLUTIONS(
      Names.ATTENTION + Names.LINEAR + "|conv1|conv2|conv_shortcut",
      Names.TEXT + Names.TEXT_LINEAR);

  /** The last names of layers, as diffusers and transformers call them. */
  private static final class Names {
    static final String ATTENTION =
        "to_q|to_k|to_v|to_out\\.0|add_q_proj|add_k_proj|add_v_proj|to_add_out";
    static final String LINEAR =
        "|proj_in|proj_out|proj_mlp|ff(_context)?\\.net\\.0\\.proj|ff(_context)?\\.net\\.2";
    static final String TEXT = "q_proj|k_proj|v_proj|out_proj";
    static final String TEXT_LINEAR = "|fc1|fc2";
  }

  private final String network;
  private final String text;

  LoraTargets(String network, String text) {
    this.network = ".*\\.(" + network + ")";
    this.text = ".*\\.(" + text + ")";
  }

  public boolean includes(TargetLayer layer) {
    boolean draws =
        layer.part() == ModelComponent.UNET || layer.part() == ModelComponent.TRANSFORMER;
    return layer.path().matches(draws ? network : text);
  }
}
