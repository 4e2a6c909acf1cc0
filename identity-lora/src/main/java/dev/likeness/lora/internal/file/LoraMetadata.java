package dev.likeness.lora.internal.file;

import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraInspection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What other programs look for in a LoRA's header: kohya's {@code ss_*} notes, by which web
 * interfaces sort files, and Stability's ModelSpec 1.0.1.
 */
public final class LoraMetadata {
  private record Names(String kohya, String modelspec) {}

  private static final Map<LoraFamilyDetector, Names> BASES = Map.of(
      LoraFamilyDetector.SD1, new Names("sd_v1", "stable-diffusion-v1"),
      LoraFamilyDetector.SD2, new Names("sd_v2", "stable-diffusion-v2-768-v"),
      LoraFamilyDetector.SDXL, new Names("sdxl_base_v1-0", "stable-diffusion-xl-v1-base"),
      LoraFamilyDetector.SD3, new Names("sd3", "stable-diffusion-3-medium"),
      LoraFamilyDetector.FLUX, new Names("flux1", "flux-1-dev"));

  private static final Pattern OF_TENSORS =
      Pattern.compile("sshs_.*|modelspec\\.hash.*|lora_adapter_metadata");

  private static final String MODULE = "ss_network_module";
  private static final String ARGUMENTS = "ss_network_args";

  private LoraMetadata() {}

  /**
   * What stays true of a header whose factors are written anew, with alpha as their rank: no hash
   * of other tensors.
   */
  static Map<String, String> rewritten(Map<String, String> header) {
    Map<String, String> notes = new HashMap<>(header);
    notes.keySet().removeIf(name -> OF_TENSORS.matcher(name).matches());
    notes.computeIfPresent(
        "ss_network_alpha", (name, alpha) -> notes.getOrDefault("ss_network_dim", alpha));
    return notes;
  }

  /**
   * Says which of kohya's modules opens the file: in his spelling alone, since none opens another.
   */
  public static void sayModule(Map<String, String> notes, KeyFormat dialect, boolean kronecker) {
    if (dialect != KeyFormat.KOHYA) {
      notes.keySet().removeAll(List.of(MODULE, ARGUMENTS));
    } else if (notes.containsKey("ss_network_dim") && !notes.containsKey(MODULE)) {
      notes.put(MODULE, kronecker ? "lycoris.kohya" : "networks.lora");
      if (kronecker) {
        notes.put(ARGUMENTS, "{\"algo\": \"lokr\"}");
      }
    }
  }

  /**
   * The notes of what {@code report} says was made, its rank alpha too; none for a private base.
   */
  public static Map<String, String> of(LoraInspection report, String trigger) {
    Names base = BASES.get(report.family());
    int rank = report.rank();
    Map<String, String> notes = new LinkedHashMap<>();
    if (base != null) {
      notes.put("ss_base_model_version", base.kohya);
      // By this alone A1111 tells Stable Diffusion 2 from 1.
      notes.put("ss_v2", report.family() == LoraFamilyDetector.SD2 ? "True" : "False");
      notes.put("ss_network_dim", Integer.toString(rank));
      notes.put("ss_network_alpha", Integer.toString(rank));
      notes.put("modelspec.sai_model_spec", "1.0.1");
      notes.put("modelspec.architecture", base.modelspec + "/lora");
      notes.put("modelspec.trigger_phrase", trigger);
    }
    return notes;
  }
}
