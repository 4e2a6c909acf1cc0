package dev.likeness.lora;

import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.family.flux.FluxNetworks;
import dev.likeness.diffusion.internal.family.sd3.Sd3Networks;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * At how many places the layers of a denoising network compute, for one picture.
 *
 * @param places of the latents, or tokens of a transformer's picture
 */
public record LayerPlaces(OpenNetworks model, double places) {
  public static final int TEXT = 77;
  static final int LONG_TEXT = 512;

  private static final Pattern LEVEL = Pattern.compile("(down|up)_blocks\\.(\\d+)\\.(\\w+)");

  /** Those of latents of {@code places} places. */
  public static LayerPlaces of(OpenNetworks model, int places) {
    return new LayerPlaces(model, model instanceof StableDiffusionNetworks ? places : places / 4);
  }

  public boolean unet() {
    return model instanceof StableDiffusionNetworks;
  }

  /** How many a layer computes at; 1 for what is told the time. */
  public double of(String path) {
    if (path.matches(".*(time_|embed|norm|linear_).*") && !path.startsWith("x_embedder")) {
      return 1;
    }
    return !unet()
        ? stream(path)
        : path.matches(".*attn2\\.to_[kv]") ? TEXT : places / Math.pow(4, level(path));
  }

  /** The tokens of the stream that a transformer's layer is of. */
  public double stream(String path) {
    boolean told = path.contains("add_") || path.contains("context");
    return told ? text() : path.startsWith("single") ? places + text() : places;
  }

  /** How many weights each head of an attention has, by the path of its queries. */
  public double weights(String path) {
    boolean second = path.contains("attn2");
    double asking = unet() || second ? of(path) : places + text();
    return asking * (unet() && second ? TEXT : asking);
  }

  public int heads(String path) {
    if (model instanceof FluxNetworks flux) {
      return flux.config().heads();
    }
    return model instanceof Sd3Networks three
        ? three.config().heads()
        : ((StableDiffusionNetworks) model)
            .unetConfig()
            .levels()
            .get(level(path))
            .heads();
  }

  private int text() {
    return model instanceof FluxNetworks ? LONG_TEXT : TEXT + LONG_TEXT / 2;
  }

  private int level(String path) {
    int levels = ((StableDiffusionNetworks) model).unetConfig().levels().size();
    Matcher at = LEVEL.matcher(path);
    if (path.startsWith("mid_block")) {
      return levels - 1;
    }
    if (!at.find()) {
      return 0;
    }
    int number = Integer.parseInt(at.group(2));
    int level = at.group(1).equals("down") ? number : levels - 1 - number;
    return at.group(3).startsWith("downs")
        ? level + 1
        : at.group(3).startsWith("ups") ? level - 1 : level;
  }
}
