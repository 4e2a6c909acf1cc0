package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.text.T5Tokenizer;
import dev.likeness.diffusion.internal.text.TokenizerFiles;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A model that is to lie in memory as a plan says. */
public record PlannedFiles(ModelParts files, MemoryPlan plan) implements ModelParts {
  @Override
  public String describe() {
    return files.describe();
  }

  @Override
  public String name() {
    return files.name();
  }

  @Override
  public Optional<Path> folder() {
    return files.folder();
  }

  @Override
  public String pipeline() {
    return files.pipeline();
  }

  @Override
  public boolean option(String name) {
    return files.option(name);
  }

  @Override
  public Set<String> componentNames() {
    return files.componentNames();
  }

  @Override
  public Map<String, String> others() {
    return files.others();
  }

  @Override
  public String componentClass(String component) {
    return files.componentClass(component);
  }

  @Override
  public ModelConfig config(String component) {
    return files.config(component);
  }

  @Override
  public ModelConfig scheduler() {
    return files.scheduler();
  }

  @Override
  public TensorSource weights(String component) {
    return files.weights(component);
  }

  @Override
  public Optional<Variant> variant() {
    return files.variant();
  }

  @Override
  public TokenizerFiles tokenizerFiles(String tokenizer) {
    return files.tokenizerFiles(tokenizer);
  }

  @Override
  public ClipTokenizer tokenizer(String tokenizer) {
    return files.tokenizer(tokenizer);
  }

  @Override
  public T5Tokenizer t5Tokenizer(String tokenizer) {
    return files.t5Tokenizer(tokenizer);
  }

  @Override
  public ModelParts with(String other, Path from) {
    return ReplacedComponent.in(this, other, from);
  }

  @Override
  public WeightResidence residence(String component) {
    return plan.residence(component);
  }

  @Override
  public boolean inStrips() {
    return plan.strips();
  }
}
