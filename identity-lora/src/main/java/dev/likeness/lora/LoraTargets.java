package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.lora.change.Layer;

/** Which layers a training changes. */
public enum LoraTargets {
  /** The four projections of every attention. */
  ATTENTION("to_q|to_k|to_v|to_out\\.0"),
  /** All linear layers of the transformer blocks. */
  TRANSFORMERS("to_q|to_k|to_v|to_out\\.0|proj_in|proj_out|ff\\.net\\.0\\.proj|ff\\.net\\.2"),
  /** Those, and the residual blocks' convolutions. */
  CONVOLUTIONS("to_q|to_k|to_v|to_out\\.0|proj_in|proj_out|ff\\.net\\.0\\.proj|ff\\.net\\.2|conv1|conv2|conv_shortcut");

  private static final String TEXT = "q_proj|k_proj|v_proj|out_proj";

  private final String unet;
  private final String text;

  LoraTargets(String unet) {
    this.unet = ".*\\.(" + unet + ")";
    this.text = ".*\\.(" + (unet.contains("ff") ? TEXT + "|fc1|fc2" : TEXT) + ")";
  }

  boolean includes(Layer layer) {
    return layer.path().matches(layer.part() == Part.UNET ? unet : text);
  }
}
