package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptSheetTest {
  @Test
  void drawsAsTheModelDoesWhereNothingElseIsAsked(@TempDir Path folder) throws IOException {
    Path out = folder.resolve("sheet.png");
    PromptSheet.main(
        new String[] {ReleasedFolder.in(folder.resolve("model")), out.toString(), "1"});
    assertEquals(
        PromptSheet.of(
            PortraitModel.files(),
            1,
            0,
            request -> request.steps(30).guidance(Architecture.GUIDANCE)),
        RgbImage.read(out));
  }
}
