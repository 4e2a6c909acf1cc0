package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.model.TextTower;
import dev.likeness.diffusion.text.PromptEncoder;
import dev.likeness.diffusion.text.TextEncoding;
import dev.likeness.diffusion.unet.UNetConditioning;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** What the UNet is told: a text through every tower of the model, and for SDXL the sizes. */
final class Conditioner {
  /** The score of a picture that nobody wants, as diffusers has it. */
  private static final double UNWANTED = 2.5;

  private final StableDiffusion model;
  private final ImageRequest request;
  private final List<PromptEncoder> encoders;

  Conditioner(StableDiffusion model, ImageRequest request, Function<Part, Adaptation> adaptation) {
    this.model = model;
    this.request = request;
    encoders = model.towers().stream()
        .map(tower -> tower.prompts(adaptation.apply(tower.part())).with(request.prompting().words())).toList();
  }

  /** Conditioning of {@code count} rows on a text; {@code unwanted} says that it is the negative prompt. */
  UNetConditioning of(String text, boolean unwanted, int count) {
    PromptEmbedding given = unwanted ? request.negativeEmbedding() : request.embedding();
    TextEncoding told = given == null ? encoded(text, unwanted)
        : new TextEncoding(model.compute().place(given.tokenTensor()), placed(given.pooledTensor()));
    Tensor context = repeated(told.tokens(), count);
    return model.sizeIds() == 0 ? UNetConditioning.text(context)
        : new UNetConditioning(context, repeated(told.pooled(), count), repeated(sizes(unwanted), count));
  }

  /** A text through every tower: tokens [1, tokens, width], pooled [1, width] of the last. */
  TextEncoding encoded(String text, boolean unwanted) {
    TensorVector tokens = new TensorVector();
    Tensor pooled = null;
    for (int i = 0; i < encoders.size(); i++) {
      TextTower tower = model.towers().get(i);
      TextEncoding encoding = encoders.get(i).encode(text, request.prompting().syntax(),
          tower.layersLeftOut() + request.prompting().skipped(unwanted), tower.layersLeftOut() == 0);
      tokens.push_back(encoding.tokens());
      pooled = encoding.pooled();
    }
    Tensor all = torch.cat(tokens, -1);
    return unwanted && text.isEmpty() && model.zerosForNothing()
        ? new TextEncoding(torch.zeros_like(all), torch.zeros_like(pooled)) : new TextEncoding(all, pooled);
  }

  private Tensor placed(Tensor tensor) {
    return tensor == null ? null : model.compute().place(tensor);
  }

  private static Tensor repeated(Tensor row, int count) {
    return row.repeat_interleave(count, new LongOptional(0), new LongOptional());
  }

  private Tensor sizes(boolean unwanted) {
    int count = model.sizeIds();
    SizeConditioning sizes = !unwanted ? request.sizes() : request.negativeSizes() != null ? request.negativeSizes()
        : count == 5 ? request.sizes().crop(0, 0).score(UNWANTED) : request.sizes();
    return torch.tensor(sizes.ids(request.width(), request.height(), count)).unsqueeze(0)
        .to(new Device(model.compute().device()), torch.ScalarType.Float);
  }
}
