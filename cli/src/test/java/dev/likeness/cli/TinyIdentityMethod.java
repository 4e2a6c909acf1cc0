package dev.likeness.cli;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.photos.opencv.Onnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files of identity methods, with tiny random weights, as their publishers name them. */
public final class TinyIdentityMethod {
  private TinyIdentityMethod() {}

  /**
   * Writes the files of a method into a folder, which is returned.
   *
   * @param method instantid, infiniteyou, photomaker-v1, photomaker-v2, pulid or pulid-flux
   * @param base a base of the method's family
   */
  public static Path write(String method, BaseModel base, Path folder) throws IOException {
    switch (method) {
      case "instantid" -> {
        TinyAdapter.ofInstantId(base, folder.resolve("ip-adapter.safetensors"));
        recogniser(folder, "glintr100.onnx");
        Files.move(TinyControlNets.write("xl", folder), folder.resolve("ControlNetModel"));
      }
      case "infiniteyou" -> {
        TinyInfiniteYou.write(base, folder.resolve("image_proj_model.safetensors"));
        recogniser(folder, "recognition_arcface_ir_se50.onnx");
        Files.move(TinyInfiniteYou.writeNet(folder), folder.resolve("InfuseNetModel"));
      }
      case "photomaker-v1" ->
        TinyPhotoMaker.write(base, false, folder.resolve("photomaker-v1.safetensors"));
      case "photomaker-v2" -> {
        TinyPhotoMaker.write(base, true, folder.resolve("photomaker-v2.safetensors"));
        recogniser(folder, "w600k_r50.onnx");
      }
      default -> {
        TinyPulid.write(base, folder.resolve("pulid.safetensors"));
        TinyPulid.writeTower(folder.resolve("EVA02_CLIP_L_336_psz14_s6B.safetensors"));
        TinyPulid.writeParser(folder.resolve("parsing_bisenet.onnx"));
        recogniser(folder, "glintr100.onnx");
      }
    }
    return folder;
  }

  private static void recogniser(Path folder, String name) throws IOException {
    Files.write(
        folder.resolve(name), Onnx.sampled(112, 7, new float[] {1, 0, -1}, new float[] {0, 1, 0}));
  }
}
