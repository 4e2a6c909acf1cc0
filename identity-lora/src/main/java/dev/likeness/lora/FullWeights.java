package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.model.TextTower;
import dev.likeness.diffusion.text.ClipTextEncoder;
import dev.likeness.diffusion.text.PromptEncoder;
import dev.likeness.diffusion.training.CastParameters;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.unet.UNet2DConditionModel;
import dev.likeness.diffusion.weights.Parameters;
import dev.likeness.diffusion.weights.Weights;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Every weight of the UNet, and of the text encoders where asked, copied from the base and learning in f32. */
final class FullWeights implements Learner, AutoCloseable {
  private final StableDiffusion model;
  private final boolean textEncoder;
  private final TrainableWeights weights = new TrainableWeights(this::own);

  FullWeights(StableDiffusion model, boolean textEncoder) {
    this.model = model;
    this.textEncoder = textEncoder;
    for (Part part : Part.values()) {
      if (part == Part.UNET || textEncoder) {
        model.tensorNames(part).stream().sorted()
            .forEach(name -> weights.get(part.folder() + "." + name, model.tensorShape(part, name)));
      }
    }
  }

  private Tensor own(String name, long... shape) {
    int end = name.indexOf('.');
    Part part = Part.valueOf(name.substring(0, end).toUpperCase(Locale.ROOT));
    return model.tensor(part, name.substring(end + 1)).cpu().to(ScalarType.Float).clone();
  }

  @Override
  public TrainableWeights weights() {
    return weights;
  }

  @Override
  public UNet2DConditionModel unet() {
    return new UNet2DConditionModel(model.unetConfig(), Weights.of(parameters(Part.UNET)));
  }

  @Override
  public PromptEncoder prompts(TextTower tower) {
    return learns(tower.part()) ? new PromptEncoder(tower.tokenizer(),
        new ClipTextEncoder(tower.config(), Weights.of(parameters(tower.part()))), model.compute())
        : tower.prompts(Adaptation.NONE);
  }

  @Override
  public boolean learns(Part tower) {
    return textEncoder && !model.tensorNames(tower).isEmpty();
  }

  private Parameters parameters(Part part) {
    Parameters own = new Parameters() {
      @Override
      public boolean has(String name) {
        return model.tensorNames(part).contains(name);
      }

      @Override
      public Tensor get(String name, long... shape) {
        return weights.get(part.folder() + "." + name, shape);
      }
    };
    ScalarType type = model.compute().dtype().scalarType();
    return type == ScalarType.Float ? own : new CastParameters(own, type);
  }

  @Override
  public void close() {
    weights.close();
  }
}
