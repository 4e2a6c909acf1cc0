package dev.likeness.lora.training;

import dev.likeness.diffusion.internal.adapter.ModelComponent;

/** The layers that a training changes. */
public enum LoraTargets {
  /**
   * The projections of all attention layers. In joint attention, the projections of the text stream
   * are included.
   */
  ATTENTION(Names.ATTENTION, Names.TEXT),
  /**
   * The layers of {@link #ATTENTION} and the other linear layers of the transformer blocks, except
   * modulation layers.
   */
  TRANSFORMERS(Names.ATTENTION + Names.LINEAR, Names.TEXT + Names.TEXT_LINEAR),
  /** The layers of {@link #TRANSFORMERS} and the convolutions of the residual blocks. */
  CONVOLUTIONS(
      Names.ATTENTION + Names.LINEAR + "|conv1|conv2|conv_shortcut",
      Names.TEXT + Names.TEXT_LINEAR);

  /** The last parts of layer names in diffusers and transformers. */
  private static final class Names {
    static final String ATTENTION =
        "to_q|to_k|to_v|to_out(\\.0)?|add_q_proj|add_k_proj|add_v_proj|to_add_out|to_qkv_mlp_proj";
    static final String LINEAR =
        "|proj_in|proj_out|proj_mlp|ff(_context)?\\.net\\.0\\.proj|ff(_context)?\\.net\\.2"
            + "|ff(_context)?\\.linear_(in|out)|feed_forward\\.w[123]";
    static final String TEXT = "q_proj|k_proj|v_proj|out_proj";
    static final String TEXT_LINEAR = "|fc1|fc2";
  }

  private final String network;
  private final String text;

  LoraTargets(String network, String text) {
    this.network = ".*\\.(" + network + ")";
    this.text = ".*\\.(" + text + ")";
  }

  /**
   * {@return true if the layer of this name is trained}
   *
   * @param layer the full name of a layer, such as {@code unet.mid_block….to_q}
   */
  public boolean includes(String layer) {
    String path = layer.substring(layer.indexOf('.') + 1);
    return path.matches(isOfNetwork(layer) ? network : text);
  }

  /** {@return true if the layer belongs to the denoising network, false if to a text encoder} */
  static boolean isOfNetwork(String layer) {
    return layer.startsWith(ModelComponent.UNET.folder() + ".")
        || layer.startsWith(ModelComponent.TRANSFORMER.folder() + ".");
  }
}
