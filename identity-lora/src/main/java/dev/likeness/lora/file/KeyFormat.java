package dev.likeness.lora.file;

/** Key formats of LoRA files. */
public enum KeyFormat {
  /** peft and today's diffusers: {@code unet.….to_q.lora_A.weight}. */
  PEFT,
  /**
   * diffusers before peft: {@code unet.….to_q.lora.down.weight},
   * {@code ….q_proj.lora_linear_layer.down.weight}.
   */
  DIFFUSERS,
  /** The first diffusers: {@code unet.….attn1.processor.to_q_lora.down.weight}. */
  ATTENTION_PROCESSOR,
  /** kohya's sd-scripts, LyCORIS and OneTrainer: {@code lora_unet_…_to_q.lora_down.weight}. */
  KOHYA,
  /**
   * ComfyUI's own, and OneTrainer's of today: {@code diffusion_model.….lora_down.weight},
   * {@code text_encoders.clip_l.…}, {@code clip_l.…}.
   */
  COMFY,
  /** XLabs' FLUX.1: {@code double_blocks.0.processor.qkv_lora1.down.weight}. */
  XLABS,
  /** cloneofsimo's lora, which numbers the layers: {@code unet:0:up}, or a pickled list. */
  CLONEOFSIMO
}
