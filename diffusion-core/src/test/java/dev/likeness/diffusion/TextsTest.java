package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.adapt.SidePath;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.model.MemoryBudget;
import dev.likeness.diffusion.model.ModelFiles;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.text.PromptSyntax;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class TextsTest {
  private static final ImageRequest ASK =
      ImageRequest.of("a cat").negative("a dog").steps(2).size(16, 16).seed(4).guidance(4).scheduler("Euler");

  private final List<Long> encoded = Collections.synchronizedList(new ArrayList<>());

  @TempDir
  private Path scratch;

  @BeforeEach
  void forget() {
    encoded.clear();
  }

  @Test
  void encodesAPromptOnceForAllItsPictures() {
    try (BaseModel base = BaseModel.open(GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, scratch).path(), Compute.EXACT)) {
      assertEquals(9, base.generate(List.of(ASK.count(9).as(counting()))).size());
      assertEquals(List.of(1L, 1L), encoded, "the prompt and the negative one, in three passes");
    }
  }

  @Test
  void encodesAgainOnlyWhatChangesOnTheWay() {
    try (BaseModel base = BaseModel.open(GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, scratch).path(), Compute.EXACT)) {
      base.generate(List.of(ASK.prompt("a [cat:dog:2]").steps(4).syntax(PromptSyntax.A1111).count(5).as(counting())));
      assertEquals(3, encoded.size(), "two prompts and the negative one");
    }
  }

  @Test
  void encodesOnceWhereMemoryIsForOnePicture() {
    ModelFiles files = ModelFiles.open(PipelineFolder.write("flux/dev", scratch).path());
    try (BaseModel base = BaseModel.open(files, Compute.EXACT, MemoryBudget.of("60GiB").size(32, 32))) {
      base.generate(List.of(ASK.size(32, 32).negative("").guidance(3).count(3).as(counting())));
      assertEquals(2, encoded.size(), "CLIP and T5");
    }
  }

  /** Notes the rows of each batch that a text encoder's first attention sees. */
  private Adapter counting() {
    SidePath path = input -> {
      encoded.add(input.size(0));
      return input.new_zeros(input.size(0), input.size(1), input.size(2));
    };
    Adaptation first = new Adaptation() {
      @Override
      public List<SidePath> sidePaths(String module) {
        return module.endsWith("layers.0.self_attn.q_proj") || module.endsWith("block.0.layer.0.SelfAttention.q")
            ? List.of(path) : List.of();
      }
    };
    return (Part part, Compute compute) -> part.folder().startsWith("text_encoder") ? first : Adaptation.NONE;
  }
}
