package dev.likeness.lora.file;

/** The key formats of LoRA files: conventions by which programs name the tensors. */
public enum KeyFormat {
  /** The format of peft and current diffusers: {@code unet.….to_q.lora_A.weight}. */
  PEFT,
  /**
   * The format of diffusers before peft: {@code unet.….to_q.lora.down.weight},
   * {@code ….q_proj.lora_linear_layer.down.weight}.
   */
  DIFFUSERS,
  /** The oldest format of diffusers: {@code unet.….attn1.processor.to_q_lora.down.weight}. */
  ATTENTION_PROCESSOR,
  /**
   * The format of kohya's sd-scripts, LyCORIS and older OneTrainer:
   * {@code lora_unet_…_to_q.lora_down.weight}.
   */
  KOHYA,
  /**
   * The format of ComfyUI and newer OneTrainer: {@code diffusion_model.….lora_down.weight},
   * {@code text_encoders.clip_l.…}, {@code clip_l.…}.
   */
  COMFY,
  /** The format of XLabs for FLUX.1: {@code double_blocks.0.processor.qkv_lora1.down.weight}. */
  XLABS,
  /**
   * The format of cloneofsimo's lora, which numbers the layers: keys such as {@code unet:0:up}, or
   * a pickled list without keys.
   */
  CLONEOFSIMO
}
