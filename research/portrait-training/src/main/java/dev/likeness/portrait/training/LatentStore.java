package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import dev.likeness.portrait.people.Attribute;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What the diffusion stage reads: every image's latents (f16, [n, 8, 32, 32], at the autoencoder's
 * own scale) and the token ids of its captions (int16, [n, captions, 77]) and how much each place
 * counts (f16, [n, 1, 32, 32]), in safetensors files of a thousand images each.
 */
final class LatentStore {
  private static final int BLOCK = 16;

  private LatentStore() {}

  /** How many images a file knows; none where there is none. */
  static long size(Path file) {
    if (!Files.exists(file)) {
      return 0;
    }
    try (Safetensors known = Safetensors.open(file)) {
      return known.shape("latents")[0];
    }
  }

  /** Encodes images {@code first} to {@code first + count} of the renders, and writes one file. */
  static void write(
      Path file,
      AutoencoderKL autoencoder,
      ClipTokenizer tokenizer,
      RenderStore store,
      PortraitRenders renders,
      int first,
      int count,
      IntConsumer progress) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      TensorVector latents = new TensorVector();
      TensorVector tokens = new TensorVector();
      TensorVector focus = new TensorVector();
      for (int done = 0; done < count; done += BLOCK) {
        int from = first + done;
        int size = Math.min(BLOCK, count - done);
        try (TensorScope step = TensorScope.open()) {
          latents.push_back(step.promote(encode(autoencoder, store, from, size)));
        }
        progress.accept(done + size);
      }
      for (int i = first; i < first + count; i++) {
        tokens.push_back(ids(tokenizer, renders.captions(i)));
        focus.push_back(focus(renders, i));
      }
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("latents", torch.cat(latents, 0));
      tensors.put("tokens", torch.stack(tokens, 0));
      tensors.put("focus", torch.stack(focus, 0));
      SafetensorsWriter.write(file, tensors, Map.of("first", Integer.toString(first)));
    }
  }

  private static Tensor encode(AutoencoderKL autoencoder, RenderStore store, int from, int count) {
    TensorVector images = new TensorVector();
    IntStream.range(from, from + count)
        .forEach(i -> images.push_back(ImageTensors.toSigned(store.image(i))));
    Tensor mean = autoencoder
        .encode(Tensors.place(TrainingDevice.COMPUTE, torch.cat(images, 0)))
        .mean();
    return mean.to(ScalarType.Half).cpu();
  }

  private static Tensor focus(PortraitRenders renders, int index) {
    int side = Architecture.PIXELS / 8;
    boolean patterned =
        !Attribute.PATTERN.word(renders.person(index), renders.shot(index)).isEmpty();
    return torch
        .tensor(FaceFocus.of(renders.landmarks(index), Architecture.PIXELS, side, patterned))
        .view(1, side, side)
        .to(ScalarType.Half);
  }

  private static Tensor ids(ClipTokenizer tokenizer, List<String> captions) {
    List<Short> all = new ArrayList<>();
    for (String caption : captions) {
      for (int id : tokenizer.encode(caption)) {
        all.add((short) id);
      }
    }
    short[] values = new short[all.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = all.get(i);
    }
    return torch.tensor(values).view(captions.size(), Architecture.TOKENS);
  }
}
