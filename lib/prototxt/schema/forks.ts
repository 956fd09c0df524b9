/** What well-known branches of Caffe have added to caffe.proto, so that their files are told from misspelt ones. */

interface Fork {
  readonly name: string;
  /** By message: the fields that Caffe itself does not have. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** Values of enums that Caffe itself does not have. */
  readonly values?: readonly string[];
}

/** The first that has a field is named: Intel's branch took over SSD's, so SSD comes first. */
const FORKS: readonly Fork[] = [
  {
    name: 'the SSD branch',
    fields: {
      LayerParameter: [
        ...['annotated_data_param', 'detection_evaluate_param', 'detection_output_param', 'multibox_loss_param', 'norm_param'],
        ...['permute_param', 'prior_box_param', 'video_data_param'],
      ],
      SolverParameter: ['eval_type', 'ap_version', 'show_per_class_result', 'plateau_winsize'],
      TransformationParameter: ['crop_h', 'crop_w', 'resize_param', 'noise_param', 'distort_param', 'expand_param', 'emit_constraint'],
      LossParameter: ['pre_fixed_normalizer'],
    },
    values: ['PRE_FIXED'],
  },
  {
    name: "Intel's Caffe",
    fields: {
      NetParameter: ['engine', 'bn_stats_batch_size', 'compile_net_state', 'multinode'],
      SolverParameter: ['engine', 'disabled_update', 'warmup_iter', 'warmup_start_lr', 'local_lr_auto', 'local_gw_ratio'],
      LayerParameter: [
        ...['engine', 'multinode', 'mn_activation_param', 'mn_grad_compress_param', 'quantization_param', 'continuation_indicator_param'],
        ...['split_param', 'spatial_dropout_param', 'psroi_pooling_param', 'box_annotator_ohem_param'],
      ],
      BatchNormParameter: ['engine', 'use_weight_bias', 'bias_term', 'filler', 'bias_filler', 'stats_batch_size', 'relu'],
      ConcatParameter: ['engine'],
      EltwiseParameter: ['engine'],
      InnerProductParameter: ['engine'],
      ConvolutionParameter: ['relu', 'negative_slope'],
      FillerParameter: ['scale'],
      TransformationParameter: ['random_resize_param', 'random_aspect_ratio_param', 'flow'],
      LossParameter: ['label_smoothing'],
    },
    values: ['MKL2017', 'MKLDNN'],
  },
  {
    name: "NVIDIA's Caffe",
    fields: {
      NetParameter: [
        ...['default_forward_type', 'default_backward_type', 'default_forward_math', 'default_backward_math', 'global_grad_scale'],
        ...['default_conv_algos_override', 'default_cudnn_math_override', 'reduce_buckets'],
      ],
      LayerParameter: [
        ...['forward_type', 'backward_type', 'forward_math', 'backward_math', 'cudnn_math_override'],
        ...['detectnet_groundtruth_param', 'detectnet_augmentation_param'],
      ],
      BatchNormParameter: ['scale_filler', 'scale_bias'],
      ConvolutionParameter: ['conv_algos_override', 'cudnn_math_override'],
      DataParameter: ['threads', 'parser_threads', 'cache', 'shuffle'],
      TransformationParameter: ['use_gpu_transform', 'img_rand_resize_lower', 'img_rand_resize_upper'],
      SolverParameter: ['min_lr', 'rampup_interval', 'rampup_lr', 'larc', 'larc_policy', 'larc_turbo'],
    },
  },
  {
    name: 'the OpenCL branch',
    fields: {
      LayerParameter: ['device', 'buffer', 'mergecrop_param', 'affinity_param', 'srprnn_param', 'coord_param'],
      ConvolutionParameter: ['kernel_stride'],
      PoolingParameter: ['dilation', 'kernel_stride'],
    },
    values: ['LIBDNN', 'SPATIAL'],
  },
  {
    name: 'Fast R-CNN',
    fields: { LayerParameter: ['roi_pooling_param', 'smooth_l1_loss_param'] },
  },
  {
    name: 'SegNet',
    fields: { LayerParameter: ['bn_param', 'upsample_param', 'dense_image_data_param'] },
  },
  {
    name: 'DeepLab',
    fields: { LayerParameter: ['interp_param', 'seg_accuracy_param', 'image_seg_data_param', 'mat_read_param', 'mat_write_param'] },
  },
];

/** The branch that has such a field in this message; undefined when none is known to. */
export function forkWithField(message: string, name: string): string | undefined {
  return FORKS.find(({ fields }) => fields[message]?.includes(name))?.name;
}

/** The branch that has such a value in an enum. */
export function forkWithValue(value: string): string | undefined {
  return FORKS.find(({ values }) => values?.includes(value))?.name;
}
