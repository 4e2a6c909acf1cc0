package dev.likeness.schedulers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Draws how the error of each deterministic solver falls with the network calls it spends, on
 * {@link Mixture}.
 *
 * <p>Run after {@code mvn -pl schedulers test-compile} with the test class path of the module;
 * writes {@code docs/schedulers-error.svg} and prints the table of {@code docs/benchmarks.md}.
 */
final class ErrorByCalls {
  private static final int[] STEPS = {4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64, 80, 100};
  private static final int[] HIGHLIGHTED = {5, 10, 20, 50, 100};
  private static final String[] SAMPLERS = {
    "DDIM",
    "PLMS",
    "Euler Karras",
    "Heun Karras",
    "DPM2 Karras",
    "LMS Karras",
    "DPM++ 2M Karras",
    "DPM++ 3M Karras",
    "DPM++ 2S Karras",
    "DEIS Karras",
    "UniPC Karras",
    "res_multistep karras",
    "gradient_estimation karras",
    "DPM fast",
    "ipndm_v karras",
    "exp_heun_2_x0 karras"
  };
  private static final String[] COLORS = {
    "#1f77b4", "#aec7e8", "#ff7f0e", "#ffbb78", "#2ca02c", "#98df8a", "#d62728", "#ff9896",
    "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf", "#000000", "#9edae5"
  };

  private ErrorByCalls() {}

  public static void main(String[] args) throws IOException {
    Map<String, TreeMap<Integer, Double>> curves = new LinkedHashMap<>();
    for (String sampler : SAMPLERS) {
      curves.put(sampler, curve(sampler));
    }
    Files.writeString(Path.of(args[0]), svg(curves));
    System.out.println(table(curves));
  }

  private static TreeMap<Integer, Double> curve(String sampler) {
    SchedulerConfig config = SchedulerConfig.of(Map.of(
            "_class_name",
            "EulerDiscreteScheduler",
            "beta_schedule",
            "scaled_linear",
            "beta_start",
            0.00085,
            "beta_end",
            0.012,
            "timestep_spacing",
            "linspace",
            "clip_sample",
            false,
            "set_alpha_to_one",
            true))
        .with(sampler);
    var curve = new TreeMap<Integer, Double>();
    for (int steps : STEPS) {
      SamplingPlan plan = config.plan(steps);
      curve.put(plan.size(), Mixture.error(plan));
    }
    return curve;
  }

  private static String table(Map<String, TreeMap<Integer, Double>> curves) {
    var table = new StringBuilder("| solver |");
    for (int calls : HIGHLIGHTED) {
      table.append(" about ").append(calls).append(" calls |");
    }
    table.append("\n|---|").append("---|".repeat(HIGHLIGHTED.length)).append('\n');
    curves.forEach((name, curve) -> {
      table.append("| ").append(name).append(" |");
      for (int calls : HIGHLIGHTED) {
        Integer nearest =
            curve.floorKey(calls + 1) == null ? curve.firstKey() : curve.floorKey(calls + 1);
        table.append(String.format(Locale.ROOT, " %.2g |", curve.get(nearest)));
      }
      table.append('\n');
    });
    return table.toString();
  }

  private static String svg(Map<String, TreeMap<Integer, Double>> curves) {
    var svg = new StringBuilder(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 520\""
            + " font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"860\" height=\"520\" fill=\"white\"/>\n");
    for (int calls : new int[] {5, 10, 20, 50, 100, 200}) {
      svg.append(String.format(
          Locale.ROOT,
          "<path d=\"M%.1f 20V470\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"490\""
              + " text-anchor=\"middle\">%d</text>%n",
          x(calls),
          x(calls),
          calls));
    }
    for (int power = -5; power <= 0; power++) {
      double y = y(Math.pow(10, power));
      svg.append(String.format(
          Locale.ROOT,
          "<path d=\"M60 %.1fH650\" stroke=\"#ddd\"/><text x=\"52\" y=\"%.1f\""
              + " text-anchor=\"end\">1e%d</text>%n",
          y,
          y + 4,
          power));
    }
    svg.append("<text x=\"355\" y=\"512\" text-anchor=\"middle\">network calls</text>\n");
    int line = 0;
    for (Map.Entry<String, TreeMap<Integer, Double>> curve : curves.entrySet()) {
      var path = new StringBuilder();
      curve
          .getValue()
          .forEach((calls, error) -> path.append(path.length() == 0 ? 'M' : 'L')
              .append(String.format(Locale.ROOT, "%.1f %.1f", x(calls), y(error))));
      svg.append(String.format(
          Locale.ROOT,
          "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/><path"
              + " d=\"M668 %dh24\" stroke=\"%s\" stroke-width=\"3\"/><text x=\"700\" y=\"%d\">%s</text>%n",
          path,
          COLORS[line],
          40 + 22 * line,
          COLORS[line],
          44 + 22 * line,
          curve.getKey()));
      line++;
    }
    return svg.append("</svg>\n").toString();
  }

  private static double x(double calls) {
    return 60 + 590 * Math.log(calls / 4) / Math.log(50);
  }

  private static double y(double error) {
    return 20 + 450 * Math.min(1, -Math.log10(Math.max(1e-5, Math.min(1, error))) / 5);
  }
}
