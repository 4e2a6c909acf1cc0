package dev.likeness.lora;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a tensor of a LoRA file is to its layer. */
enum Role {
  DOWN, UP, MID, ALPHA;

  /** A key without its ending. */
  record Cut(String stem, Role role, LoraDialect dialect) { }

  private record Ending(String text, Role role, LoraDialect dialect) { }

  // Every spelling that ComfyUI's reader (comfy/weight_adapter/lora.py) and diffusers' converters know.
  private static final List<Ending> ENDINGS = List.of(
      new Ending(".lora_A.weight", DOWN, LoraDialect.PEFT), new Ending(".lora_B.weight", UP, LoraDialect.PEFT),
      new Ending(".lora_A", DOWN, LoraDialect.PEFT), new Ending(".lora_B", UP, LoraDialect.PEFT),
      new Ending(".lora_down.weight", DOWN, LoraDialect.KOHYA), new Ending(".lora_up.weight", UP, LoraDialect.KOHYA),
      new Ending(".lora_mid.weight", MID, LoraDialect.KOHYA),
      new Ending(".lora.down.weight", DOWN, LoraDialect.DIFFUSERS),
      new Ending(".lora.up.weight", UP, LoraDialect.DIFFUSERS),
      new Ending(".lora_linear_layer.down.weight", DOWN, LoraDialect.DIFFUSERS),
      new Ending(".lora_linear_layer.up.weight", UP, LoraDialect.DIFFUSERS),
      new Ending("_lora.down.weight", DOWN, LoraDialect.ATTENTION_PROCESSOR),
      new Ending("_lora.up.weight", UP, LoraDialect.ATTENTION_PROCESSOR),
      new Ending(".alpha", ALPHA, null));

  private static final Pattern NAMED_ADAPTER = Pattern.compile("(.+)\\.lora_([AB])\\.[^.]+\\.weight");
  private static final Map<String, Role> FACTORS = Map.of("A", DOWN, "B", UP);

  /** Splits a key, if its ending is one of a low-rank pair's. */
  static Optional<Cut> cut(String key) {
    for (Ending ending : ENDINGS) {
      if (key.endsWith(ending.text)) {
        return Optional.of(new Cut(key.substring(0, key.length() - ending.text.length()), ending.role, ending.dialect));
      }
    }
    Matcher named = NAMED_ADAPTER.matcher(key);
    return named.matches()
        ? Optional.of(new Cut(named.group(1), FACTORS.get(named.group(2)), LoraDialect.PEFT)) : Optional.empty();
  }
}
