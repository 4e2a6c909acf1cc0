package dev.likeness.diffusion.text;

import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Prompts to what the UNet attends to: a tokenizer and one text tower. */
public record PromptEncoder(ClipTokenizer tokenizer, ClipTextEncoder encoder, Compute compute) {
  /** Encodes prompts, each cut at the tower's length; the rows keep the order given. */
  public TextEncoding encode(List<String> prompts) {
    int length = encoder.config().positions();
    long[] ids = new long[prompts.size() * length];
    for (int i = 0; i < prompts.size(); i++) {
      int[] tokens = tokenizer.encode(prompts.get(i));
      for (int j = 0; j < length; j++) {
        ids[i * length + j] = tokens[j];
      }
    }
    Tensor batch = torch.tensor(ids).view(prompts.size(), length);
    return encoder.forward(batch.to(new Device(compute.device()), torch.ScalarType.Long), 0);
  }
}
