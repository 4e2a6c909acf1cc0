package dev.likeness.cli.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.material.Material;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the key lists of published files are told to be. */
class FileKindTest {
  @ParameterizedTest
  @CsvSource(textBlock = """
      controlnet,        Hard Edge Detection (canny)/diffusion_pytorch_model.fp16
      controlnet,        Lineart/diffusion_pytorch_model.fp16
      controlnet,        Segmentation Map/diffusion_pytorch_model.fp16
      image-encoder,     IP Adapter SD1/model
      image-encoder,     clip-vit-large-patch14/model
      image-encoder,     siglip-so400m-patch14-384/model
      ip-adapter,        Standard Reference (IP Adapter)
      ip-adapter,        Face Reference (IP Adapter Plus Face)
      lora,              thickline_fp16
      lora,              shinkai_makoto_offset
      lora,              Alien Style
      lora,              Noodles Style
      textual-inversion, EasyNegative
      unet,              Juggernaut XL v9/unet/diffusion_pytorch_model.fp16
      vae,               Juggernaut XL v9/vae/diffusion_pytorch_model.fp16
      vae,               dreamshaper-8/vae/diffusion_pytorch_model.fp16
      text-encoder,      Juggernaut XL v9/text_encoder/model.fp16
      text-encoder,      Juggernaut XL v9/text_encoder_2/model.fp16
      text-encoder,      text_encoder/model
      """)
  void detectsAPublishedFileByItsKeys(String kind, String list) throws IOException {
    String file = "keys/checkpoints/" + list + ".safetensors.json";
    Set<String> names = JSON.std.mapFrom(Files.readAllBytes(Material.of(file))).keySet();
    names.remove("__metadata__");
    assertEquals(kind, FileKind.of(names).label());
  }

  /** XLabs' and others' names hold those of the blocks that a base has, too. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "double_blocks.0.processor.qkv_lora1.down.weight",
        "double_blocks.0.processor.proj_lora2.up.weight",
        "single_blocks.0.processor.qkv_lora.down.weight",
        "oft_unet_double_blocks_0_img_attn_qkv.oft_blocks",
        "base_model.model.double_blocks.0.img_attn.qkv.boft_R",
        "diffusion_model.double_blocks.0.img_attn.qkv.oft_blocks",
        "base_model.model.double_blocks.0.img_attn.qkv.ia3_l"
      })
  void detectsEveryKeyFormatOfALora(String key) {
    assertEquals(FileKind.LORA, FileKind.of(Set.of(key)));
  }

  @Test
  void detectsTextualInversionsOfDiffusersAdvancedScripts() {
    assertEquals(
        FileKind.TEXTUAL_INVERSION, FileKind.of(Set.of("text_encoders_0", "text_encoders_1")));
  }
}
