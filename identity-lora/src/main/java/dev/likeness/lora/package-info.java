/**
 * LoRA: a person (or a style) as a small file beside a shared base model.
 * {@link dev.likeness.lora.Lora} opens and draws with the files of the field;
 * {@link dev.likeness.lora.LoraTraining} makes one from pictures.
 */
package dev.likeness.lora;
