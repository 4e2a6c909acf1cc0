package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.ipadapter.ImageEncoder;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.portrait.attributes.ReadBack;
import dev.likeness.portrait.attributes.ReadBackTally;
import dev.likeness.portrait.training.RandomPrompt;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How much of what images show a model draws that is told nothing and shown them by its own
 * IP-Adapter: renders of unseen people, whose captions are read back from what is drawn, beside the
 * same where nothing is shown.
 */
record PictureFollowing(BaseModel base, Path model, Drawings drawings, ReadBack reader) {
  private static final int IMAGES = 100;
  private static final String SET = "images as prompts";

  Map<String, Object> measure(List<RandomPrompt> prompts) {
    List<RandomPrompt> shown = prompts.subList(0, Math.min(IMAGES, prompts.size()));
    try (ImageEncoder encoder = ImageEncoder.open(Extra.IMAGE_ENCODER.at(model), base.compute());
        IpAdapter adapter = IpAdapter.open(Extra.IMAGE_IP_ADAPTER.at(model), base, encoder)) {
      List<ImageRequest> silent = Collections.nCopies(shown.size(), ImageRequest.of(""));
      ReadBackTally without = tally(shown, drawings.asked(SET + ", without", silent));
      ReadBackTally told = tally(
          shown,
          drawings.asked(
              SET,
              shown.stream()
                  .map(prompt -> ImageRequest.of("")
                      .adapter(adapter.prompt(prompt.render()).at(1)))
                  .toList()));
      Map<String, Object> found = new LinkedHashMap<>();
      found.put("words", told.asked());
      found.put("shown", told.share());
      found.put("not shown", without.share());
      return found;
    }
  }

  private ReadBackTally tally(List<RandomPrompt> shown, List<RgbImage> drawn) {
    ReadBackTally tally = new ReadBackTally(reader);
    for (int i = 0; i < drawn.size(); i++) {
      tally.add(shown.get(i).text(), drawn.get(i));
    }
    return tally;
  }
}
