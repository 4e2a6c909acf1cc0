package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.schedulers.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * Encoded control images of one ControlNet while a batch is sampled. The family that encoded them
 * runs the ControlNet.
 */
public interface ControlInput {
  /** The control images: several where the ControlNet is a union, else one. */
  List<ControlImage> controls();

  /** Rows of the plan. */
  int rows();

  /** The embedding of each control image; of several it holds their scales. */
  List<Tensor> embeddings();

  /** Embeddings of the control images that count in a step. */
  default Stream<Tensor> activeEmbeddings(Step step) {
    return IntStream.range(0, controls().size())
        .filter(i -> controls().get(i).isActive(step.index(), rows()))
        .mapToObj(embeddings()::get);
  }

  /** Whether any control image counts in a step. */
  default boolean isActive(Step step) {
    return activeEmbeddings(step).findAny().isPresent();
  }

  /** The scale of the residuals. */
  default double scale() {
    return controls().size() == 1 ? controls().get(0).scale() : 1;
  }

  /** A request's control images, those of one union ControlNet in one list. */
  static List<List<ControlImage>> groupByControlNet(List<ControlImage> controls) {
    Map<Object, List<ControlImage>> lists = new LinkedHashMap<>();
    for (ControlImage control : controls) {
      Object owner = control.controlNet().isUnion() ? control.controlNet() : new Object();
      lists.computeIfAbsent(owner, key -> new ArrayList<>()).add(control);
    }
    return List.copyOf(lists.values());
  }
}
