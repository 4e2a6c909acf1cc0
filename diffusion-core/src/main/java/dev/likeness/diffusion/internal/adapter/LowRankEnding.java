package dev.likeness.diffusion.internal.adapter;

/**
 * The endings of keys that name the two factors of a low-rank adapter layer, by key format. LoRA
 * files and the LoRAs of identity adapters have them.
 */
public enum LowRankEnding {
  /** Peft, and diffusers since 0.22. */
  PEFT(".lora_A.weight", ".lora_B.weight"),
  /** Peft's factors that are parameters instead of layers. */
  PEFT_PARAMETERS(".lora_A", ".lora_B"),
  /** Kohya and LyCORIS. */
  KOHYA(".lora_down.weight", ".lora_up.weight"),
  /** Layers of diffusers from 0.17 on. */
  DIFFUSERS(".lora.down.weight", ".lora.up.weight"),
  /** Layers of text encoders in diffusers. */
  DIFFUSERS_LAYER(".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight"),
  /** Attention processors of diffusers and IP-Adapter. */
  ATTENTION_PROCESSOR("_lora.down.weight", "_lora.up.weight");

  /** The ending of the number that is divided by the rank to give the scale, in all formats. */
  public static final String ALPHA = ".alpha";

  private final String down;
  private final String up;

  LowRankEnding(String down, String up) {
    this.down = down;
    this.up = up;
  }

  /** Returns the ending of the first factor, [rank, in]. */
  public String down() {
    return down;
  }

  /** Returns the ending of the second factor, [out, rank]. */
  public String up() {
    return up;
  }
}
