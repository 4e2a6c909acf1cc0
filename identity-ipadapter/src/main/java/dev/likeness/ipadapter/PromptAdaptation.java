package dev.likeness.ipadapter;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.ipadapter.ImagePrompt.Settings;
import dev.likeness.ipadapter.internal.attention.FaceIdLora;
import java.util.List;
import java.util.Map;

/**
 * What one request's image prompt adds: branches within its share of the steps, FaceID's LoRA in
 * all of them.
 */
final class PromptAdaptation implements Adaptation {
  private final Map<String, AttentionBranch> branches;
  private final FaceIdLora lora;
  private final Settings settings;
  private final Adaptation outside;

  PromptAdaptation(Map<String, AttentionBranch> branches, FaceIdLora lora, Settings settings) {
    this.branches = branches;
    this.lora = lora;
    this.settings = settings;
    outside = branches.isEmpty()
        ? this
        : lora == null ? NONE : new PromptAdaptation(Map.of(), lora, settings);
  }

  @Override
  public List<AttentionBranch> branches(String module) {
    AttentionBranch branch = branches.get(module);
    return branch == null ? List.of() : List.of(branch);
  }

  @Override
  public List<AdapterLayer> sidePaths(String module) {
    return lora == null ? List.of() : lora.beside(module, settings.lora());
  }

  @Override
  public Adaptation at(double progress) {
    return settings.start() <= progress && progress < settings.end() ? this : outside;
  }
}
