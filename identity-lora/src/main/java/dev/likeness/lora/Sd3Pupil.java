package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.model.StableDiffusion3;
import dev.likeness.diffusion.model.TextTower;
import dev.likeness.diffusion.nn.Segments;
import dev.likeness.diffusion.text.TextEncoding;
import dev.likeness.diffusion.transformer.Sd3Transformer2DModel;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Stable Diffusion 3 and 3.5: two CLIP towers side by side, then T5, or zeros where the model came without it. */
record Sd3Pupil(StableDiffusion3 model) implements Pupil {
  private static final int T5_TOKENS = 256;
  private static final double TRAINING_STEPS = 1000;

  @Override
  public Part part() {
    return Part.TRANSFORMER;
  }

  @Override
  public List<TextTower> towers() {
    return model.towers();
  }

  @Override
  public TextEncoding encode(List<String> texts, Learner learner) {
    TensorVector tokens = new TensorVector();
    TensorVector pooled = new TensorVector();
    for (TextTower tower : model.towers()) {
      TextEncoding encoding = encode(tower, texts, learner, model);
      tokens.push_back(encoding.tokens());
      pooled.push_back(encoding.pooled());
    }
    Tensor clip = torch.cat(tokens, -1);
    Tensor t5 = t5(texts, clip);
    Tensor padding = clip.new_zeros(texts.size(), clip.size(1), t5.size(2) - clip.size(2));
    Tensor padded = torch.cat(new TensorVector(clip, padding), 2);
    return new TextEncoding(torch.cat(new TensorVector(padded, t5), 1), torch.cat(pooled, -1));
  }

  private Tensor t5(List<String> texts, Tensor like) {
    try (NoGradGuard guard = new NoGradGuard()) {
      return model.t5() == null ? like.new_zeros(texts.size(), T5_TOKENS, model.config().textWidth())
          : model.t5().encode(texts, T5_TOKENS, Adaptation.NONE);
    }
  }

  @Override
  public Tensor answer(Learner learner, Tensor noised, double[] levels, TextEncoding text, Segments segments) {
    Sd3Transformer2DModel network = new Sd3Transformer2DModel(model.config(), learner.network(Part.TRANSFORMER));
    return network.forward(model.compute().place(noised), Pupil.numbers(model, TRAINING_STEPS, levels), text.tokens(),
        text.pooled(), Set.of());
  }
}
